/**
 * Norms, their parameters and their kernels.
 *
 * <p>A {@link io.sparknorm.kernels.Norm} describes what to compute; bound to the {@link
 * io.sparknorm.kernels.TensorShape} of a dataset's records, and to statistics where it needs those
 * of the whole dataset, it is a {@link io.sparknorm.kernels.Normalizer} that maps one tensor to
 * another of the same shape. Every layout is one {@link io.sparknorm.kernels.TensorView}, and so is
 * every norm's choice of slices.
 */
package io.sparknorm.kernels;
