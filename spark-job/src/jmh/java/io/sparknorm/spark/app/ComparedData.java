package io.sparknorm.spark.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * The records that works of one comparison normalise: an {@code id}, and either an array of floats
 * or columns of doubles; random normals, in eight files as Spark writes them.
 *
 * @param scalars whether the features are columns of doubles
 * @param folder holds the input and the outputs
 */
record ComparedData(boolean scalars, Path folder) {
  static final int LENGTH = 512;
  static final int COLUMNS = 300;
  private static final int FILES = 8;

  /** Makes the records, unless they are there from an earlier comparison. */
  static ComparedData make(SparkSession spark, boolean scalars, int records, Path parent) {
    ComparedData data =
        new ComparedData(scalars, parent.resolve((scalars ? "scalars-" : "arrays-") + records));
    if (!Files.exists(data.folder.resolve("input/_SUCCESS"))) {
      spark
          .range(0, records, 1, FILES)
          .selectExpr(scalars ? scalarExpressions() : arrayExpressions())
          .write()
          .mode("overwrite")
          .parquet(data.input());
    }

    return data;
  }

  private static String[] arrayExpressions() {
    return new String[] {
      "id", "transform(sequence(1, %d), i -> cast(randn(7) as float)) AS features".formatted(LENGTH)
    };
  }

  private static String[] scalarExpressions() {
    Stream<String> columns =
        IntStream.range(0, COLUMNS).mapToObj(i -> "%d + randn(%d) AS c%d".formatted(i, i, i));
    return Stream.concat(Stream.of("id"), columns).toArray(String[]::new);
  }

  String input() {
    return folder.resolve("input").toString();
  }

  /** The scalar columns that are features. */
  static List<String> columns() {
    return IntStream.range(0, COLUMNS).mapToObj(i -> "c" + i).toList();
  }

  /** How many channels a record has. */
  int channels() {
    return scalars ? COLUMNS : LENGTH;
  }

  /** Where a work of this name writes. */
  Path output(String work) {
    return folder.resolve(work.replaceAll("\\W+", "-"));
  }

  /** Where it keeps models. */
  Path store(String work) {
    return Path.of(output(work) + "-store");
  }

  /** Removes what an earlier run of a work has written. */
  void clear(String work) {
    delete(output(work));
    delete(store(work));
  }

  /** Bytes of Parquet files that a work has written, 0 if it writes none. */
  long bytesWritten(String work) {
    Path output = output(work);
    try (Stream<Path> files = Files.exists(output) ? Files.walk(output) : Stream.empty()) {
      return files
          .filter(file -> file.toString().endsWith(".parquet"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path path) {
    try (Stream<Path> files = Files.exists(path) ? Files.walk(path) : Stream.empty()) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
