package io.sparknorm.spark.models;

/** The storage type of a tensor's elements. */
public enum ElementType {
  BYTE,
  SHORT,
  INT,
  LONG,
  FLOAT,
  DOUBLE
}
