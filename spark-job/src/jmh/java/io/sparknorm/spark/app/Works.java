package io.sparknorm.spark.app;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** What is compared: whole jobs from files to files, ours and what one could use instead. */
record Works(SparkSession spark, ComparedData data, int cores) {
  static final String SCAN = "Spark plain scan";
  static final String COPY = "Spark plain copy";
  static final String MLLIB = "MLlib StandardScaler";
  static final String SQL = "Spark SQL by hand";
  static final String DUCKDB = "DuckDB";
  static final List<String> NORMS = List.of("batch-norm", "layer-norm");

  /** All works by name; each writes its output anew. */
  Map<String, Runnable> all() {
    Map<String, Runnable> works = new LinkedHashMap<>();
    works.put(SCAN, this::scan);
    works.put(COPY, () -> spark.read().parquet(data.input()).write().parquet(fresh(COPY)));
    works.put(MLLIB, () -> StandardScaling.run(spark, data, fresh(MLLIB)));
    works.put(SQL, () -> SqlByHand.run(spark, data, fresh(SQL)));
    works.put(DUCKDB + " plain copy", () -> DuckDb.copy(data, cores, DUCKDB + " plain copy"));
    works.put(DUCKDB, () -> DuckDb.normalise(data, cores, DUCKDB));
    for (String norm : data.scalars() ? NORMS.subList(0, 1) : NORMS) {
      for (Map.Entry<String, String> writer : writers().entrySet()) {
        String name = "sparknorm %s, %s".formatted(norm, writer.getKey());
        works.put(name, () -> job(norm, name, writer.getValue()));
      }
    }

    return works;
  }

  private static Map<String, String> writers() {
    Map<String, String> writers = new LinkedHashMap<>();
    writers.put("writer bulk", "");
    writers.put("writer bulk, byte-stream-split", "options { byte-stream-split = true }");
    writers.put("writer spark", "writer = spark");
    return writers;
  }

  long bytesWritten(String work) {
    return data.bytesWritten(work);
  }

  private String fresh(String work) {
    return data.fresh(work).toString();
  }

  private void scan() {
    spark.read().parquet(data.input()).write().format("noop").mode("overwrite").save();
  }

  /** Our job, as it comes. */
  void job(String norm, String name) {
    job(norm, name, "");
  }

  private void job(String norm, String name, String writer) {
    String output = fresh(name);
    String features =
        data.scalars()
            ? "columns = [%s]".formatted(String.join(", ", ComparedData.columns()))
            : "column = features";
    String job =
        """
        input.path = %s
        output { path = %s, %s }
        features { %s, shape = [%d] }
        norm { type = %s }
        store { path = %s, model = compared }
        """
            .formatted(
                ConfigUtil.quoteString(data.input()),
                ConfigUtil.quoteString(output),
                writer,
                features,
                data.channels(),
                // What StandardScaler computes.
                norm.equals("batch-norm") ? norm + ", variance = unbiased, epsilon = 0" : norm,
                ConfigUtil.quoteString(output + "-store"));
    carryOut(spark, JobSpec.parse(ConfigFactory.parseString(job), Command.RUN));
  }

  static void carryOut(SparkSession spark, JobSpec spec) {
    try (StopSignal stop = StopSignal.listen()) {
      new Job(spark, spec, new Progress(), stop).run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
