package io.sparknorm.spark.fit;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.functions.FaultRules;
import io.sparknorm.spark.functions.FitKind;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.RunFunctions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Fits blocks of features: exact moments of a dataset, all blocks in one scan. */
public final class Fitter {
  private Fitter() {}

  /**
   * Scans the dataset once.
   *
   * @param blocks each with a norm in its specification
   * @param all the job's blocks, these among them: a fault of any may drop its record for all
   * @return what each block's norm asks for, in the same order
   * @throws JobException if a norm needs statistics and no record has a tensor
   */
  public static List<FitResult> fit(
      Dataset<Row> rows,
      List<FeatureBlock> blocks,
      List<FeatureBlock> all,
      FaultPolicies policies) {
    try (RunFunctions functions = RunFunctions.open(rows.sparkSession())) {
      // A block drops its own records; only those of several blocks have to agree beforehand.
      Optional<Inspected> inspected =
          policies.dropRecords() && all.size() > 1
              ? Optional.of(inspect(rows, all, policies, functions))
              : Optional.empty();
      Dataset<Row> scanned = inspected.map(Inspected::rows).orElse(rows);
      List<Column> fits = new ArrayList<>();
      for (FeatureBlock block : blocks) {
        Column tensors = block.tensors(scanned);
        FitKind kind = kind(block.spec().norm().orElseThrow());
        TensorShape shape = block.type().shape();
        FaultRules rules = block.rules(policies);
        fits.add(
            inspected.isPresent()
                ? functions.fit(tensors, kind, shape, rules, inspected.get().dropped())
                : functions.fit(tensors, kind, shape, rules));
      }

      Row row =
          scanned.agg(fits.get(0), fits.subList(1, fits.size()).toArray(Column[]::new)).head();
      List<FitResult> results = new ArrayList<>();
      for (int i = 0; i < blocks.size(); i++) {
        FitResult result = RunFunctions.fitResult(row.<byte[]>getAs(i));
        checkFitted(blocks.get(i), result);
        results.add(result);
      }

      return results;
    }
  }

  private static void checkFitted(FeatureBlock block, FitResult result) {
    if (result.moments().isEmpty() && block.spec().norm().orElseThrow().needsStatistics()) {
      throw JobException.data(
          "Cannot fit %s: none of %d records has a tensor to fit on"
              .formatted(block.name(), result.records()));
    }
  }

  private static Inspected inspect(
      Dataset<Row> rows,
      List<FeatureBlock> blocks,
      FaultPolicies policies,
      RunFunctions functions) {
    List<Column> tensors = blocks.stream().map(block -> block.tensors(rows)).toList();
    return Inspected.of(rows, "__sparknorm_read_", blocks, tensors, policies, functions);
  }

  private static FitKind kind(NormSpec spec) {
    if (spec.norm() instanceof DatasetNorm) {
      return FitKind.CHANNEL_MOMENTS;
    }

    return spec.needsStatistics() ? FitKind.INSTANCE_STATISTICS : FitKind.COUNTS;
  }
}
