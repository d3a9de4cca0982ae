package io.sparknorm.kernels;

import java.io.Serializable;

/** A norm with its parameters. A {@link DatasetNorm} needs statistics of the whole dataset. */
public sealed interface Norm extends Serializable permits RecordNorm, DatasetNorm {}
