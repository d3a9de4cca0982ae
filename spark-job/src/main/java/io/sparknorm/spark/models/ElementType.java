package io.sparknorm.spark.models;

import java.util.Locale;

/** The storage type of a tensor's elements. */
public enum ElementType {
  BYTE,
  SHORT,
  INT,
  LONG,
  FLOAT,
  DOUBLE;

  /** As users and manifests write it, such as {@code float}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
