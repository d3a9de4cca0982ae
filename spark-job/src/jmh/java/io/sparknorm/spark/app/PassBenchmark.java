package io.sparknorm.spark.app;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.fit.Fitter;
import io.sparknorm.spark.functions.NormCatalog;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a pass costs beside a plain scan of the same Parquet files, both to a sink that forgets:
 * each map-only norm and a fit, in turn, several rounds over after some to warm up, so that the
 * machine's moods hit all alike.
 *
 * <p>Arguments: the number of records (300,000) and of rounds (5).
 */
public final class PassBenchmark {
  private PassBenchmark() {}

  public static void main(String[] arguments) throws IOException {
    int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 300_000;
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
    try (SparkSession spark = Comparison.session(2)) {
      spark.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
      ComparedData data = ComparedData.make(spark, false, records, Comparison.PARENT);
      Timings timings = Timings.of(passes(spark, data.input()), rounds, "scan");
      System.out.printf(
          "%d records of %d floats, %d rounds%n%n%s",
          records, ComparedData.LENGTH, rounds, timings.table());
    }
  }

  private static Map<String, Work> passes(SparkSession spark, String path) {
    Map<String, Work> passes = new LinkedHashMap<>();
    passes.put("scan", Work.reading(() -> forget(spark.read().parquet(path))));
    for (String call :
        List.of(
            "layer_norm(features)",
            "rms_norm(features)",
            "instance_norm(features, 8, 'channels-first')",
            "instance_norm(features, 8, 'channels-last')",
            "group_norm(features, 64, 32, 'channels-first')",
            "evonorm_s0(features, 64, 32, 'channels-first')")) {
      passes.put(
          call,
          Work.reading(() -> forget(spark.read().parquet(path).selectExpr("id", "norm." + call))));
    }

    passes.put("fit of batch-norm", Work.reading(() -> fit(spark.read().parquet(path))));
    return passes;
  }

  private static void forget(Dataset<Row> rows) {
    rows.write().format("noop").mode("overwrite").save();
  }

  private static void fit(Dataset<Row> rows) {
    TensorShape shape = new TensorShape(List.of(ComparedData.LENGTH), Layout.CHANNELS_FIRST);
    FeatureSpec features =
        new FeatureSpec(
            FeatureSpec.Form.TENSOR,
            List.of("features"),
            List.of("features"),
            Optional.of(shape),
            Optional.of(new NormSpec(BatchNorm.DEFAULT, Optional.empty())),
            Mode.TRAIN,
            Optional.empty(),
            Optional.empty());
    FeatureBlock block = FeatureBlock.find(features, shape, rows.schema());
    Fitter.fit(rows, List.of(block), List.of(block), FaultPolicies.DEFAULT);
  }
}
