package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Variance;
import java.io.Serializable;

/**
 * What a fit finds for each group and not for all records at once.
 *
 * @param key by which records are grouped
 * @param variance the kind that the norm divides by
 */
public record Grouping(GroupKey key, Variance variance) implements Serializable {
  /** All records are one group. */
  public static final Grouping NONE = new Grouping(GroupKey.NONE, Variance.BIASED);

  public boolean isEmpty() {
    return key.isEmpty();
  }
}
