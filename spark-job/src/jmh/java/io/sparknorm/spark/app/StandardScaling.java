package io.sparknorm.spark.app;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.StandardScaler;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.functions;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** MLlib's {@code StandardScaler}: to vectors, fit, transform, and back to what was read. */
final class StandardScaling {
  private StandardScaling() {}

  static void run(SparkSession spark, ComparedData data, String output) {
    Dataset<Row> rows = spark.read().parquet(data.input());
    List<PipelineStage> stages = new ArrayList<>();
    if (data.scalars()) {
      stages.add(
          new VectorAssembler()
              .setInputCols(ComparedData.columns().toArray(String[]::new))
              .setOutputCol("vector"));
    } else {
      rows = rows.withColumn("vector", functions.array_to_vector(rows.col("features")));
    }

    stages.add(
        new StandardScaler()
            .setInputCol("vector")
            .setOutputCol("scaled")
            .setWithMean(true)
            .setWithStd(true));
    Pipeline pipeline = new Pipeline().setStages(stages.toArray(PipelineStage[]::new));
    Dataset<Row> scaled = pipeline.fit(rows).transform(rows);
    String element = data.scalars() ? "float64" : "float32";
    Column array = functions.vector_to_array(scaled.col("scaled"), element);
    Dataset<Row> arrays = scaled.select(scaled.col("id"), array.as("features"));
    (data.scalars() ? arrays.select(columns(arrays)) : arrays).write().parquet(output);
  }

  private static Column[] columns(Dataset<Row> arrays) {
    Stream<Column> columns =
        IntStream.range(0, ComparedData.COLUMNS)
            .mapToObj(i -> arrays.col("features").getItem(i).as(ComparedData.columns().get(i)));
    return Stream.concat(Stream.of(arrays.col("id")), columns).toArray(Column[]::new);
  }
}
