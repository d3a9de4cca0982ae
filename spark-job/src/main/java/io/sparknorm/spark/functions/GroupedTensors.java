package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.config.Unseen;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Normalises the tensors of a column, each by its group's statistics.
 *
 * @param tensors by the statistics of all records
 * @param groups by those of each group
 * @param unseen what becomes of a record of another group
 * @param <V> what Spark holds a value of the column in
 */
record GroupedTensors<V>(
    TensorNormalizer<V> tensors, Shared<GroupNormalizers> groups, Unseen unseen)
    implements Serializable {
  /** For functions, which tasks carry. */
  static <V> GroupedTensors<V> of(TensorType<V> type, FaultRules rules, GroupedNorm norm) {
    TensorNormalizer<V> tensors =
        new TensorNormalizer<>(
            new TensorReader<>(type, rules),
            RecordShape.of(norm.global().shape(), type.depth()),
            norm.global());
    return new GroupedTensors<>(tensors, norm.shared(), norm.unseen());
  }

  /**
   * Normalises a tensor that is not empty, in place.
   *
   * @param row has the values of the key from an ordinal on
   * @return whether the group is a fitted one
   */
  boolean normalise(CheckedTensor tensor, InternalRow row, int from) {
    Normalizer normalizer = groups.get().find(row, from);
    if (normalizer != null) {
      tensors.normalise(tensor, normalizer);
      return true;
    }

    switch (unseen) {
      case GLOBAL -> tensors.normalise(tensor);
      case IDENTITY, FAIL -> {} // which of them ends the job is known once records are dropped
    }

    return false;
  }
}
