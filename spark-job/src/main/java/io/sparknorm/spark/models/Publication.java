package io.sparknorm.spark.models;

/**
 * The outcome of publishing a model.
 *
 * @param id the version that holds the run's result
 * @param repeated whether an earlier attempt of the same run had published it already
 */
public record Publication(ModelId id, boolean repeated) {}
