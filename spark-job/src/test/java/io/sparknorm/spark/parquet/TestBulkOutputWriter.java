package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
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
    return open(rows, name, Job.getInstance());
  }

  private OutputWriter open(StructType rows, String name, Job job) throws IOException {
    return openAt(folder.resolve(name).toUri().toString(), rows, job);
  }

  private OutputWriter openAt(String path, StructType rows, Job job) {
    return new BulkParquetFormat()
        .prepareWrite(spark(), job, Map$.MODULE$.empty(), rows)
        .newInstance(
            path, rows, new TaskAttemptContextImpl(job.getConfiguration(), new TaskAttemptID()));
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
  void aNullAmongSingleValuesAgainstTheSchemaFails() throws IOException {
    OutputWriter writer = open(new StructType().add("x", "double", false), "broken.parquet");

    assertThatThrownBy(() -> writer.write(row((Object) null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot write column x: null in a column declared without nulls");
    writer.close();
  }

  @Test
  void aTaskKeepsLessThanTwoRowGroupsInMemory() throws IOException {
    int rowGroup = 32 << 20;
    Job job = Job.getInstance();
    job.getConfiguration().setInt("parquet.block.size", rowGroup);
    job.getConfiguration().setBoolean("parquet.enable.dictionary", false);
    StructType rows = new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType));
    float[] incompressible = new float[1 << 14];
    Random random = new Random(7);
    for (int i = 0; i < incompressible.length; i++) {
      incompressible[i] = Float.intBitsToFloat(random.nextInt());
    }
    InternalRow row = row(UnsafeArrayData.fromPrimitiveArray(incompressible));
    OutputWriter writer = open(rows, "large.parquet", job);
    long before = usedMemory();
    long most = 0;
    for (int i = 1; i <= 2000; i++) { // four row groups
      writer.write(row);
      if (i % 90 == 0) {
        most = Math.max(most, usedMemory() - before);
      }
    }
    writer.close();

    assertThat(ParquetFiles.rowGroups(folder.resolve("large.parquet"))).hasSize(4);
    assertThat(most).isBetween(rowGroup / 2L, 2L * rowGroup);
  }

  @Test
  void largeValuesOfOtherColumnsAreMeasuredAsOftenAsIsAskedFor() throws IOException {
    Job job = Job.getInstance();
    job.getConfiguration().setInt("parquet.block.size", 8 << 20);
    job.getConfiguration().setInt("parquet.page.size.row.check.min", 1);
    StructType rows =
        new StructType()
            .add("x", DataTypes.createArrayType(DataTypes.FloatType))
            .add("image", DataTypes.BinaryType);
    byte[] image = new byte[1 << 20];
    new Random(7).nextBytes(image);
    OutputWriter writer = open(rows, "images.parquet", job);
    for (int i = 0; i < 60; i++) {
      writer.write(row(UnsafeArrayData.fromPrimitiveArray(new float[] {i}), image));
    }

    writer.close();
    assertThat(ParquetFiles.rowGroups(folder.resolve("images.parquet")))
        .hasSizeGreaterThan(6)
        .allSatisfy(group -> assertThat(group.getTotalByteSize()).isLessThan(10 << 20));
  }

  /** What a dictionary had grown to is not kept once it is given up. */
  @Test
  void aTaskWithManyColumnsKeepsLessThanTwoRowGroupsInMemory() throws IOException {
    int rowGroup = 32 << 20;
    Job job = Job.getInstance();
    job.getConfiguration().setInt("parquet.block.size", rowGroup);
    StructType rows = new StructType();
    for (int c = 0; c < 100; c++) {
      rows = rows.add("c" + c, DataTypes.DoubleType);
    }

    Random random = new Random(7);
    UnsafeRow row = new UnsafeRow(100);
    byte[] bytes = new byte[UnsafeRow.calculateBitSetWidthInBytes(100) + 100 * Double.BYTES];
    row.pointTo(bytes, bytes.length);
    OutputWriter writer = open(rows, "wide.parquet", job);
    long before = usedMemory();
    long most = 0;
    for (int i = 1; i <= 40_000; i++) { // most of a row group
      for (int c = 0; c < 100; c++) {
        row.setDouble(c, random.nextDouble());
      }

      writer.write(row);
      if (i % 4000 == 0) {
        most = Math.max(most, usedMemory() - before);
      }
    }
    writer.close();

    assertThat(most).isBetween(rowGroup / 2L, 2L * rowGroup);
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
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

  /** A store that takes nothing. */
  public static final class FullDisk extends RawLocalFileSystem {
    static final AtomicInteger OPEN = new AtomicInteger();

    @Override
    public URI getUri() {
      return URI.create("full:///");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrites,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      OPEN.incrementAndGet();
      OutputStream full =
          new OutputStream() {
            @Override
            public void write(int b) throws IOException {
              throw new IOException("no space is left");
            }

            @Override
            public void close() {
              OPEN.decrementAndGet();
            }
          };
      return new FSDataOutputStream(full, null);
    }
  }

  @Test
  void aWriterThatCannotBeginClosesItsStream() throws IOException {
    Job job = Job.getInstance();
    job.getConfiguration().set("fs.full.impl", FullDisk.class.getName());
    StructType rows = new StructType().add("x", "double");

    assertThatThrownBy(() -> openAt("full:///x.parquet", rows, job))
        .hasRootCauseMessage("no space is left");
    assertThat(FullDisk.OPEN).hasValue(0);
  }

  @Test
  void aFileThatIsThereStays() throws IOException {
    StructType rows = new StructType().add("x", "double");
    open(rows, "x.parquet").close();

    assertThatThrownBy(() -> open(rows, "x.parquet"))
        .hasRootCauseInstanceOf(FileAlreadyExistsException.class);
    assertThat(spark().read().parquet(folder.toString()).count()).isZero();
  }
}
