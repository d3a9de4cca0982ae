package io.sparknorm.spark.app;

import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Inputs that change while a job reads them. */
class TestChangedInput extends JobTest {
  private static final String JOB =
      """
      input { path = ${dir}/in, format = json }
      output.path = ${dir}/out
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0 }
      store { path = ${dir}/store, model = m }
      """;

  /** On a view of the input, whose files Spark has listed once. */
  private static final String PINNED =
      JOB.replace("path = ${dir}/in, format = json", "table = pinned");

  /** Of the whole JVM, since Spark copies what a function refers to. */
  private static final AtomicInteger ASKED = new AtomicInteger();

  private Path file;

  @BeforeEach
  void writeInput() throws IOException {
    file = Files.createDirectory(folder.resolve("in")).resolve("records.json");
    Files.writeString(file, record(1) + record(2));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
  }

  @Test
  void fileReplacedBetweenThePassesPublishesNothing() throws IOException {
    assertThat(refusalWhen(() -> Files.writeString(file, record(3) + record(4))))
        .isEqualTo(
            "Cannot publish: the input changed while it was read (file:%s was replaced or deleted);"
                    .formatted(file)
                + " nothing was published, start the run again once the input is complete");
    assertThat(entries()).containsExactly("in");
  }

  /** Both passes would read it to its old length, and lose what is beyond. */
  @Test
  void fileReplacedByALongerOneAfterSparkListedItPublishesNothing() throws IOException {
    FileTime written = Files.getLastModifiedTime(file);
    assertThat(refusalOnceListed(() -> Files.writeString(file, record(3).repeat(9))))
        .isEqualTo(
            "Cannot publish: the input changed while it was read (file:%s was replaced or deleted);"
                    .formatted(file)
                + " nothing was published, start the run again once the input is complete");
    assertThat(
            refusalOnceListed(
                () -> {
                  Files.writeString(file, record(4).repeat(99));
                  Files.setLastModifiedTime(file, written);
                }))
        .contains(file.toString());
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void fileReplacedByOneOfTheSameLengthOrDeletedAfterSparkListedItPublishesNothing()
      throws IOException {
    assertThat(refusalOnceListed(() -> Files.writeString(file, record(3) + record(4))))
        .contains(file.toString());
    assertThat(refusalOnceListed(() -> Files.delete(file))).contains(file.toString());
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void fileReplacedByOneThatCannotBeReadIsAChangedInputToo() throws IOException {
    assertThat(refusalWhen(() -> Files.writeString(file, "{\"id\": 1, \"x\": [1, 2, 3]}")))
        .startsWith("Cannot publish: the input changed while it was read (file:" + file);
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void fileDeletedBetweenThePassesPublishesNothing() throws IOException {
    assertThat(refusalWhen(() -> Files.delete(file)))
        .startsWith("Cannot publish: the input changed while it was read (file:" + file);
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void inputWithoutFilesThatHasOtherRecordsTheSecondTimePublishesNothing() throws IOException {
    ASKED.set(0);
    UDF1<Long, Boolean> isEarly = id -> ASKED.incrementAndGet() <= 3;
    spark().udf().register("isEarly", udf(isEarly, DataTypes.BooleanType).asNondeterministic());
    spark()
        .sql("SELECT id, array(float(id)) AS x FROM range(0, 2, 1, 1) WHERE isEarly(id)")
        .createOrReplaceTempView("changing");

    assertThat(
            refusal(
                Command.RUN,
                JOB + "input { path = null, format = null, table = changing }",
                LeavingStatus.TRY_AGAIN))
        .isEqualTo(
            "Cannot publish: the input changed while it was read (2 records, then 1); nothing was"
                + " published, start the run again once the input is complete");
    assertThat(entries()).containsExactly("in");
  }

  private interface Change {
    void make() throws IOException;
  }

  /** Changes the input once Spark has listed its files, then runs the job. */
  private String refusalOnceListed(Change change) throws IOException {
    spark().read().json(folder.resolve("in").toString()).createOrReplaceTempView("pinned");
    change.make();
    return refusal(Command.RUN, PINNED, LeavingStatus.TRY_AGAIN);
  }

  /** Runs the job and changes the input once the scan that fits has read it. */
  private String refusalWhen(Change change) throws IOException {
    AtomicBoolean changed = new AtomicBoolean();
    spark().read().json(folder.resolve("in").toString()).createOrReplaceTempView("pinned");
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            try {
              if (changed.compareAndSet(false, true)) {
                change.make();
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    spark().sparkContext().addSparkListener(listener);
    try {
      return refusal(Command.RUN, PINNED, LeavingStatus.TRY_AGAIN);
    } finally {
      spark().sparkContext().removeSparkListener(listener);
      assertThat(changed).isTrue();
    }
  }

  private static String record(int x) {
    return "{\"id\": %d, \"x\": [%d]}%n".formatted(x, x);
  }
}
