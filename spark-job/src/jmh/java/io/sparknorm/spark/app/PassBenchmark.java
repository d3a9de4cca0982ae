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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What a pass costs beside a plain scan of the same Parquet files, both to a sink that forgets:
 * each map-only norm and a fit, in turn, several rounds over after some to warm up, so that the
 * machine's moods hit all alike.
 *
 * <p>Arguments: the number of records (300,000) and of rounds (5).
 */
public final class PassBenchmark {
  private static final int LENGTH = 512;
  private static final int FILES = 8;

  private PassBenchmark() {}

  public static void main(String[] arguments) throws IOException {
    int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 300_000;
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("pass benchmark")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.parquet.compression.codec", "zstd")
            .config("spark.sql.catalog.norm", NormCatalog.class.getName())
            .getOrCreate()) {
      spark.sparkContext().setLogLevel("WARN");
      run(spark, records, rounds);
    }
  }

  private static void run(SparkSession spark, int records, int rounds) {
    Path path = Path.of("target", "benchmark", "features-" + records);
    if (!Files.exists(path.resolve("_SUCCESS"))) {
      write(spark, records, path.toString());
    }

    Map<String, Work> passes = passes(spark, path.toString());
    System.out.printf(
        "%d records of %d floats, %d rounds%n%n%s",
        records, LENGTH, rounds, Timings.of(passes, rounds, "scan").table());
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
    TensorShape shape = new TensorShape(List.of(LENGTH), Layout.CHANNELS_FIRST);
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

  private static void write(SparkSession spark, int records, String path) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<Integer> files = IntStream.range(0, FILES).boxed().toList();
    JavaRDD<Row> rows =
        context
            .parallelize(files, FILES)
            .flatMap(
                file -> {
                  Random random = new Random(file);
                  return IntStream.range(0, records / FILES)
                      .mapToObj(i -> RowFactory.create((long) file * records + i, normals(random)))
                      .iterator();
                });
    StructType schema =
        new StructType()
            .add("id", DataTypes.LongType)
            .add("features", DataTypes.createArrayType(DataTypes.FloatType));
    spark.createDataFrame(rows, schema).write().mode("overwrite").parquet(path);
  }

  private static float[] normals(Random random) {
    float[] values = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      values[i] = (float) random.nextGaussian();
    }

    return values;
  }
}
