package io.sparknorm.spark.functions;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.config.Unseen;
import io.sparknorm.spark.models.GroupStatistics;

/**
 * A norm with statistics for each group.
 *
 * @param norm what is applied
 * @param global by the statistics of all records
 * @param statistics of each group
 * @param key where the group of a record is found
 * @param unseen what becomes of a record of another group
 * @param unseenSetting by which the user chooses that
 */
public record GroupedNorm(
    DatasetNorm norm,
    Normalizer global,
    GroupStatistics statistics,
    GroupKey key,
    Unseen unseen,
    String unseenSetting) {
  /** The normalizers for tasks, which have them in common. */
  Shared<GroupNormalizers> shared() {
    return Shared.broadcast(
        statistics.file(),
        new GroupNormalizers.Unpacking(key, norm.filled(statistics.channels()), global.shape()));
  }
}
