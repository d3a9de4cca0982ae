package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.models.GroupStatistics;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/** A normalizer for each group, made once in an executor. Immutable, and safe for many threads. */
final class GroupNormalizers {
  private final GroupKey key;
  private final KeyIndex index = new KeyIndex();
  private final List<Normalizer> normalizers = new ArrayList<>();
  private final ThreadLocal<KeyBuffer> buffer = ThreadLocal.withInitial(KeyBuffer::new);

  private GroupNormalizers(GroupKey key) {
    this.key = key;
  }

  /**
   * How to make them of the content of a file, in each executor.
   *
   * @param norm with its parameters written out, so that normalizers share them
   */
  record Unpacking(GroupKey key, DatasetNorm norm, TensorShape shape)
      implements Shared.Unpacking<GroupNormalizers> {
    @Override
    public GroupNormalizers unpack(byte[] file) {
      GroupNormalizers groups = new GroupNormalizers(key);
      KeyBuffer buffer = new KeyBuffer();
      GroupStatistics.visit(
          file,
          (group, mean, variance) -> {
            buffer.clear();
            buffer.put(group);
            groups.index.add(buffer);
            groups.normalizers.add(
                norm.normalizer(shape, Coefficients.of(mean), Coefficients.of(variance)));
          });
      return groups;
    }
  }

  /** The normalizer for a record, whose key stands from an ordinal on; null for an unseen one. */
  Normalizer find(InternalRow row, int from) {
    KeyBuffer bytes = buffer.get();
    key.write(row, from, bytes);
    int group = index.find(bytes);
    return group < 0 ? null : normalizers.get(group);
  }
}
