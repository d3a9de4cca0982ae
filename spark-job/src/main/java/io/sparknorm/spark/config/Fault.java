package io.sparknorm.spark.config;

/** The ways in which a record may not be a tensor of plain numbers. */
public enum Fault {
  NAN,
  INFINITY,
  NULL_ARRAY,
  NULL_ELEMENT,
  /** A length, at any depth of nesting, that the shape does not allow, or ragged nested arrays. */
  WRONG_LENGTH;

  /** The name as it stands in a job file, such as {@code null-array}. */
  public String key() {
    return Names.of(this);
  }
}
