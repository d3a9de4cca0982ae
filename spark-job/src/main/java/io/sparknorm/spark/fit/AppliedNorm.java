package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.struct;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.functions.GroupedNorm;
import io.sparknorm.spark.functions.RunFunctions;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What a block is normalised by. */
public sealed interface AppliedNorm {
  /** The block's tensors on their way through the pass. */
  Column pass(
      RunFunctions functions, FeatureBlock block, Dataset<Row> rows, FaultPolicies policies);

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
      Column key = struct(block.keys(rows).toArray(Column[]::new));
      return functions.pass(block.tensors(rows), key, norm, block.rules(policies));
    }
  }
}
