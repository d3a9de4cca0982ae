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
import java.util.function.Consumer;
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
  Map<String, Work> all() {
    Map<String, Work> works = new LinkedHashMap<>();
    works.put(SCAN, Work.reading(this::scan));
    add(works, COPY, to -> spark.read().parquet(data.input()).write().parquet(to));
    add(works, MLLIB, to -> StandardScaling.run(spark, data, to));
    add(works, SQL, to -> SqlByHand.run(spark, data, to));
    add(works, DUCKDB + " plain copy", to -> DuckDb.copy(data, cores, to));
    add(works, DUCKDB, to -> DuckDb.normalise(data, cores, to));
    for (String norm : data.scalars() ? NORMS.subList(0, 1) : NORMS) {
      for (Map.Entry<String, String> writer : writers().entrySet()) {
        String name = "sparknorm %s, %s".formatted(norm, writer.getKey());
        works.put(name, job(norm, name, writer.getValue()));
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

  private void add(Map<String, Work> works, String name, Consumer<String> writing) {
    works.put(name, writing(name, writing));
  }

  private Work writing(String name, Consumer<String> run) {
    return new Work(
        () -> run.accept(data.output(name).toString()),
        () -> data.clear(name),
        () -> data.bytesWritten(name));
  }

  private void scan() {
    spark.read().parquet(data.input()).write().format("noop").mode("overwrite").save();
  }

  /** Our job, as it comes. */
  Work job(String norm, String name) {
    return job(norm, name, "");
  }

  private Work job(String norm, String name, String writer) {
    return writing(name, to -> carryOut(norm, to, data.store(name).toString(), writer));
  }

  private void carryOut(String norm, String output, String store, String writer) {
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
                ConfigUtil.quoteString(store));
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
