package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.functions.Inspection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class TestApplier extends SparkTest {
  private static final TensorShape PAIR = TensorShape.vector(2);
  private static final Policy DROP = Policy.DROP_RECORD;
  private static final FaultPolicies DROPPING = new FaultPolicies(DROP, DROP, DROP, DROP, DROP);

  /** Ten records of two blocks, in three partitions; one block drops record 3, the other 4. */
  private Dataset<Row> records() {
    return spark()
        .range(0, 10, 1, 3)
        .selectExpr(
            "id",
            "if(id = 3, null, array(0D + id, 2D + id)) AS x",
            "if(id = 4, array(1D), array(4D, 8D)) AS y");
  }

  private static Applier applier(Dataset<Row> records, String... columns) {
    List<FeatureBlock> blocks =
        List.of(columns).stream().map(column -> block(records, column)).toList();
    return new Applier(
        records,
        blocks,
        blocks.stream()
            .map(block -> new AppliedNorm.Plain(LayerNorm.over(2).normalizer(PAIR)))
            .toList(),
        DROPPING);
  }

  private static FeatureBlock block(Dataset<Row> records, String column) {
    FeatureSpec spec =
        new FeatureSpec(
            FeatureSpec.Form.TENSOR,
            List.of(column),
            List.of(column),
            Optional.of(PAIR),
            Optional.empty(),
            Mode.TRAIN,
            Optional.empty(),
            Optional.empty());
    return FeatureBlock.find(spec, PAIR, records.schema());
  }

  @Test
  void eachTensorIsTakenOutOnce() {
    Applier applier = applier(records(), "x", "y");

    String plan = applier.rows().queryExecution().executedPlan().toString();
    assertThat(Pattern.compile("pass_\\d+\\.invoke").matcher(plan).results()).hasSize(2);
  }

  @Test
  void countsAndMeansAreOfThePass() {
    Applier applier = applier(records(), "x", "y");
    assertThat(applier.rows().collectAsList()).hasSize(8);

    Inspection read = applier.before().get(0);
    assertThat(read.records()).isEqualTo(10);
    assertThat(read.dropped()).isEqualTo(2);
    assertThat(read.faults()).containsEntry(Fault.NULL_ARRAY, 1L);
    // Record 4 is read in this block and written in none.
    assertThat(read.means()).containsExactly((45 - 3) / 9.0, (45 - 3) / 9.0 + 2);
    assertThat(applier.before().get(1).faults()).containsEntry(Fault.WRONG_LENGTH, 1L);
    for (Inspection written : applier.after()) {
      assertThat(written.records()).isEqualTo(8);
      assertThat(written.means().get(0)).isNegative().isGreaterThan(-1);
      assertThat(written.means().get(1)).isPositive().isLessThan(1);
    }
  }
}
