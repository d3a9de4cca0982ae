package io.sparknorm.spark.output;

import io.sparknorm.spark.config.OutputSpec;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** How an output's rows become a folder of files, and files rows again. */
record FileFormat(SparkSession spark, OutputSpec spec) {
  /** Writes to a folder that has no rows yet, and marks it as the session has it. */
  void write(Dataset<Row> rows, Path folder) {
    rows.write()
        .format(spec.writer().source(spec.format().orElseThrow()))
        .options(spec.options())
        .partitionBy(spec.partitionBy().toArray(String[]::new))
        .mode("append")
        .save(folder.toString());
  }

  /**
   * Reads a folder that was written.
   *
   * @param schema of the rows that were
   */
  Dataset<Row> read(Path folder, StructType schema) {
    return spark
        .read()
        .format(spec.format().orElseThrow())
        .options(spec.options())
        .schema(schema)
        .load(folder.toString());
  }
}
