package io.sparknorm.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of sparknorm, as the build writes it into the product. */
public final class ProductVersion {
  private ProductVersion() {}

  /** Such as {@code 0.1.0}. */
  public static String text() {
    Properties properties = new Properties();
    try (InputStream stream = ProductVersion.class.getResourceAsStream("product.properties")) {
      properties.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    return properties.getProperty("version");
  }
}
