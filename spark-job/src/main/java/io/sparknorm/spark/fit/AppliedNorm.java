package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.struct;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.Unseen;
import io.sparknorm.spark.functions.GroupedNorm;
import io.sparknorm.spark.functions.RunFunctions;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What a block is normalised by. */
public sealed interface AppliedNorm {
  /** The block's tensors on their way through the pass. */
  Column pass(
      RunFunctions functions, FeatureBlock block, Dataset<Row> rows, FaultPolicies policies);

  /**
   * What is true of every record that is written, or ends the job at the first that it is not true
   * of; empty if there is no such condition.
   *
   * @param passed what {@link #pass} gave
   * @param rows that have the columns of the input
   */
  default Optional<Column> check(
      RunFunctions functions,
      FeatureBlock block,
      Dataset<Row> rows,
      FaultPolicies policies,
      Column passed) {
    return Optional.empty();
  }

  /** The same for all records. */
  record Plain(Normalizer normalizer) implements AppliedNorm {
    @Override
    public Column pass(
        RunFunctions functions, FeatureBlock block, Dataset<Row> rows, FaultPolicies policies) {
      return functions.pass(block.tensors(rows), normalizer, block.rules(policies));
    }
  }

  /** By the statistics of each record's group. */
  record Grouped(GroupedNorm norm) implements AppliedNorm {
    @Override
    public Column pass(
        RunFunctions functions, FeatureBlock block, Dataset<Row> rows, FaultPolicies policies) {
      return functions.pass(block.tensors(rows), key(block, rows), norm, block.rules(policies));
    }

    @Override
    public Optional<Column> check(
        RunFunctions functions,
        FeatureBlock block,
        Dataset<Row> rows,
        FaultPolicies policies,
        Column passed) {
      return norm.unseen() == Unseen.FAIL
          ? Optional.of(functions.fitted(passed, key(block, rows), norm, block.rules(policies)))
          : Optional.empty();
    }

    private static Column key(FeatureBlock block, Dataset<Row> rows) {
      return struct(block.keys(rows).toArray(Column[]::new));
    }
  }
}
