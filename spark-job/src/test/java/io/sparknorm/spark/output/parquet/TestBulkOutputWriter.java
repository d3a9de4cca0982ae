package io.sparknorm.spark.output.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.collection.immutable.Map$;

/** Rows that a query cannot produce: they break the schema, or are not in Spark's binary form. */
class TestBulkOutputWriter extends SparkTest {
  @TempDir Path folder;

  private OutputWriter open(StructType rows, String name) throws IOException {
    Job job = Job.getInstance();
    return new BulkParquetFormat()
        .prepareWrite(spark(), job, Map$.MODULE$.empty(), rows)
        .newInstance(
            folder.resolve(name).toUri().toString(),
            rows,
            new TaskAttemptContextImpl(job.getConfiguration(), new TaskAttemptID()));
  }

  private static InternalRow row(Object... values) {
    return new GenericInternalRow(values);
  }

  @Test
  void anyFormOfRowIsWritten() throws IOException {
    StructType rows =
        new StructType().add("x", DataTypes.createArrayType(DataTypes.DoubleType)).add("i", "int");
    OutputWriter writer = open(rows, "rows.parquet");
    writer.write(row(new GenericArrayData(new Object[] {1.5, null}), 7));
    writer.write(row(null, null));
    writer.close();

    assertThat(spark().read().parquet(folder.toString()).toJSON().collectAsList())
        .containsExactly("{\"x\":[1.5,null],\"i\":7}", "{}");
  }

  @Test
  void aFileWithoutRecordsHasItsSchema() throws IOException {
    StructType rows = new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType));
    open(rows, "empty.parquet").close();

    assertThat(spark().read().parquet(folder.toString()).schema()).isEqualTo(rows);
    assertThat(spark().read().parquet(folder.toString()).count()).isZero();
  }

  @Test
  void aNullArrayAgainstTheSchemaFailsAndLeavesNoFooter() throws IOException {
    StructType rows =
        new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType), false);
    OutputWriter writer = open(rows, "broken.parquet");

    assertThatThrownBy(() -> writer.write(row((Object) null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot write column x: null array in a column declared without nulls");
    writer.close();
    assertThatThrownBy(() -> ParquetFiles.footer(folder.resolve("broken.parquet")))
        .hasMessageContaining("is not a Parquet file");
  }

  @Test
  void aNullElementAgainstTheSchemaFails() throws IOException {
    StructType rows =
        new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType, false));
    OutputWriter writer = open(rows, "broken.parquet");

    assertThatThrownBy(() -> writer.write(row(new GenericArrayData(new Object[] {1.5f, null}))))
        .hasMessage("Cannot write column x: null element in a column declared without nulls");
    writer.close();
  }
}
