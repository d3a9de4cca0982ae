package io.sparknorm.spark.config;

import java.util.regex.Pattern;

/** Where data is, as a person may be told. */
public final class Locations {
  private static final Pattern USER_INFO = Pattern.compile("://[^/@\\s\"]*@");

  private Locations() {}

  /** The text with the user name and password of every URI in it hidden. */
  public static String withoutSecrets(String text) {
    return USER_INFO.matcher(text).replaceAll("://***@");
  }
}
