package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitKind;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.Weight;
import io.sparknorm.spark.models.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.FloatType;

/** Reads back what a pass has written. */
public final class WrittenRows {
  /** What is no number is counted and enters no moments. */
  private static final FaultPolicies COUNTING =
      new FaultPolicies(
          Policy.SKIP_VALUE,
          Policy.SKIP_VALUE,
          Policy.SKIP_VALUE,
          Policy.SKIP_VALUE,
          Policy.SKIP_VALUE);

  private WrittenRows() {}

  /** A block as it was written: its output columns, with their own element type. */
  public static FeatureBlock block(FeatureBlock block, Dataset<Row> written) {
    FeatureSpec spec = block.spec();
    FeatureSpec outputs =
        new FeatureSpec(
            spec.form(),
            spec.outputs(),
            spec.outputs(),
            spec.shape(),
            spec.norm(),
            spec.mode(),
            spec.weight(),
            spec.model());
    return FeatureBlock.find(outputs, block.type().shape(), written.schema());
  }

  /** Whether any element of the block is stored in single precision. */
  public static boolean isSingle(FeatureBlock written) {
    return written.type().elementType() == ElementType.FLOAT
        || written.fields().stream().anyMatch(field -> field.dataType() instanceof FloatType);
  }

  /**
   * Throws if a condition on the input cannot choose the same records of the output.
   *
   * @param blocks the input's
   * @throws JobException if it looks at a column that the output replaces, or at chance
   */
  public static void checkCanChoose(Dataset<Row> input, String where, List<FeatureBlock> blocks) {
    LogicalPlan plan = input.where(where).queryExecution().analyzed();
    if (!plan.deterministic()) {
      throw cannotChoose("it chooses other records each time");
    }

    for (FeatureBlock block : blocks) {
      for (String output : block.spec().outputs()) {
        if (plan.references().exists(column -> column.name().equalsIgnoreCase(output))) {
          throw cannotChoose("it looks at column %s, which the output replaces".formatted(output));
        }
      }
    }
  }

  private static JobException cannotChoose(String why) {
    return JobException.usage(
        "Cannot verify statistics by input.where: %s (choose another features.output, or set"
                .formatted(why)
            + " output.verify = records)");
  }

  /**
   * Reads all once.
   *
   * @param blocks as {@link #block} gives them
   * @param withMoments whether a block's moments are asked for, for each of them
   * @param where the SQL condition that chooses the records that enter the moments
   * @return for each block the numbers of all records and faults, and the moments of the chosen
   *     records
   */
  public static List<FitResult> read(
      Dataset<Row> written,
      List<FeatureBlock> blocks,
      List<Boolean> withMoments,
      Optional<String> where) {
    // Read again, for the moments of some records, or of records that count more than once.
    List<FeatureBlock> chosen = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      boolean isPlain = where.isEmpty() && blocks.get(i).weight().isOne();
      if (withMoments.get(i) && !isPlain) {
        chosen.add(blocks.get(i));
      }
    }

    Column isChosen = where.map(functions::expr).orElse(lit(true));
    List<Column> selected = new ArrayList<>();
    blocks.forEach(block -> selected.add(block.tensors(written)));
    chosen.forEach(block -> selected.add(when(isChosen, block.tensors(written))));
    chosen.forEach(block -> block.weights(written).ifPresent(selected::add));
    Dataset<Row> rows = written.select(selected.toArray(Column[]::new));

    List<FitColumn<?>> columns = new ArrayList<>();
    for (int i = 0; i < blocks.size() + chosen.size(); i++) {
      boolean again = i >= blocks.size();
      FeatureBlock block = again ? chosen.get(i - blocks.size()) : blocks.get(i);
      boolean moments = again || (withMoments.get(i) && !chosen.contains(block));
      columns.add(
          FitColumn.of(
              rows.schema().fields()[i].dataType(),
              moments ? FitKind.CHANNEL_MOMENTS : FitKind.COUNTS,
              block.type().shape(),
              block.rules(COUNTING),
              again ? block.weight() : Weight.ONE));
    }

    List<FitResult> results = new FitPass(columns).run(rows);
    List<FitResult> merged = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      FitResult all = results.get(i);
      int again = chosen.indexOf(blocks.get(i));
      Optional<ExactState> moments =
          again < 0 ? all.moments() : results.get(blocks.size() + again).moments();
      merged.add(new FitResult(all.records(), all.dropped(), all.faults(), moments));
    }

    return merged;
  }
}
