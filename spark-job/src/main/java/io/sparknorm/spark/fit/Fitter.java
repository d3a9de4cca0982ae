package io.sparknorm.spark.fit;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitKind;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.Grouping;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;

/** Fits blocks of features: exact moments of a dataset, all blocks in one scan. */
public final class Fitter {
  private Fitter() {}

  /**
   * Scans the dataset once.
   *
   * @param blocks each with a norm in its specification
   * @param all the job's blocks, these among them: a fault of any may drop its record for all
   * @return what each block's norm asks for, in the same order
   * @throws JobException if a norm needs statistics and no record has a tensor, or there is too
   *     little memory for any chance
   */
  public static List<FitResult> fit(
      Dataset<Row> rows,
      List<FeatureBlock> blocks,
      List<FeatureBlock> all,
      FaultPolicies policies) {
    Plan plan = Plan.of(List.of(rows), blocks, all, policies);
    List<FitResult> results = plan.fitted(new FitPass(plan.columns()).run(plan.records().get(0)));
    for (int i = 0; i < blocks.size(); i++) {
      checkFitted(blocks.get(i), results.get(i));
    }

    return results;
  }

  /** Takes what was found of a part of a dataset. */
  @FunctionalInterface
  public interface Taker<R> {
    /**
     * Takes what {@link #fit} returns. The exact moments are gone once it has taken them.
     *
     * @param part its number
     */
    R take(int part, List<FitResult> results) throws IOException;
  }

  /**
   * As {@link #fit} of several parts of a dataset, each scanned once, in any of which there may be
   * nothing to fit on.
   *
   * @param parts at least one
   * @param taker is given the results of one part after the other
   * @return what it makes of each, in the same order
   */
  public static <R> List<R> scan(
      List<Dataset<Row>> parts,
      List<FeatureBlock> blocks,
      List<FeatureBlock> all,
      FaultPolicies policies,
      Taker<R> taker) {
    Plan plan = Plan.of(parts, blocks, all, policies);
    return new FitPass(plan.columns())
        .run(plan.records(), (part, results) -> taker.take(part, plan.fitted(results)));
  }

  /**
   * What is read.
   *
   * @param records of each part
   * @param columns those that are fitted, then those that drop records for them
   * @param count how many are fitted
   */
  private record Plan(List<Dataset<Row>> records, List<FitColumn<?>> columns, int count) {
    static Plan of(
        List<Dataset<Row>> parts,
        List<FeatureBlock> blocks,
        List<FeatureBlock> all,
        FaultPolicies policies) {
      List<FeatureBlock> read = new ArrayList<>(blocks);
      if (policies.dropRecords()) {
        all.stream().filter(block -> !blocks.contains(block)).forEach(read::add);
      }

      List<Dataset<Row>> records = parts.stream().map(rows -> select(rows, read, blocks)).toList();
      StructField[] fields = records.get(0).schema().fields();
      List<FitColumn<?>> columns = new ArrayList<>();
      for (int i = 0; i < read.size(); i++) {
        columns.add(column(read.get(i), i < blocks.size(), fields[i].dataType(), policies));
      }

      return new Plan(records, columns, blocks.size());
    }

    List<FitResult> fitted(List<FitResult> results) {
      return results.subList(0, count);
    }
  }

  private static FitColumn<?> column(
      FeatureBlock block, boolean isFitted, DataType type, FaultPolicies policies) {
    return FitColumn.of(
            type,
            isFitted ? kind(block.spec().norm().orElseThrow()) : FitKind.COUNTS,
            block.type().shape(),
            block.rules(policies),
            block.weight())
        .groupedBy(isFitted ? grouping(block) : Grouping.NONE);
  }

  /** The blocks' tensors, then what weights they have, then the keys of those that are fitted. */
  private static Dataset<Row> select(
      Dataset<Row> rows, List<FeatureBlock> blocks, List<FeatureBlock> fitted) {
    List<Column> selected = new ArrayList<>();
    blocks.forEach(block -> selected.add(block.tensors(rows)));
    blocks.forEach(block -> block.weights(rows).ifPresent(selected::add));
    fitted.forEach(block -> selected.addAll(block.keys(rows)));
    return rows.select(selected.toArray(Column[]::new));
  }

  /**
   * Throws if the norm needs statistics and there is nothing to derive them from.
   *
   * @throws JobException saying so
   */
  public static void checkFitted(FeatureBlock block, FitResult result) {
    if (result.moments().isEmpty() && block.spec().norm().orElseThrow().needsStatistics()) {
      throw JobException.data(
          "Cannot fit %s: none of %d records has a tensor to fit on%s"
              .formatted(
                  block.name(),
                  result.records(),
                  block
                      .spec()
                      .weight()
                      .map(w -> " and a weight above 0 in column " + w)
                      .orElse("")));
    }
  }

  private static Grouping grouping(FeatureBlock block) {
    return block.spec().norm().orElseThrow().norm() instanceof DatasetNorm norm
        ? new Grouping(block.key(), norm.variance())
        : Grouping.NONE;
  }

  private static FitKind kind(NormSpec spec) {
    if (spec.norm() instanceof DatasetNorm) {
      return FitKind.CHANNEL_MOMENTS;
    }

    return spec.needsStatistics() ? FitKind.INSTANCE_STATISTICS : FitKind.COUNTS;
  }
}
