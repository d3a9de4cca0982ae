package io.sparknorm.spark.output;

import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.ObjectStores;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.OutputSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Where a run's result goes. It is staged out of readers' sight, then published whole, or
 * discarded; a reader sees the complete old result, the complete new one, or for an instant none.
 * Where partitions are replaced, that holds for each of them.
 */
public sealed interface Output permits PathOutput, ObjectStoreOutput, TableOutput {
  /** What stands at the output before a run. */
  enum Existing {
    NOTHING,
    /** The complete result of the same run: the same configuration on the same input. */
    SAME_RUN,
    /** What another run is writing, or has left unfinished, where all can see it. */
    UNFINISHED,
    /** Anything else. */
    OTHER
  }

  /**
   * Who wants to publish.
   *
   * @param identity of the run: the same configuration on the same input
   * @param configuration the digest of the configuration, which names what is staged, so that the
   *     next run of the same job finds and removes what a killed one has left
   * @param attempt unique to this attempt
   */
  record Publisher(String identity, String configuration, String attempt) {
    private static final int LENGTH = 16;

    static Publisher of(String identity, String configuration) {
      String attempt = UUID.randomUUID().toString().substring(0, 8);
      return new Publisher(identity, configuration.substring(0, LENGTH), attempt);
    }
  }

  /**
   * The output that a job file describes; touches nothing.
   *
   * @param runIdentity the identity of the run that wants to publish
   * @param configuration the digest of its configuration, at least 16 characters
   */
  static Output of(SparkSession spark, OutputSpec spec, String runIdentity, String configuration) {
    Publisher publisher = Publisher.of(runIdentity, configuration);
    if (spec.table().isPresent()) {
      return new TableOutput(spark, spec, publisher);
    }

    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    Path path = new Path(spec.path().orElseThrow());
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      Path target = fileSystem.makeQualified(path);
      return ObjectStores.hold(target.toUri())
          ? new ObjectStoreOutput(new FileFormat(spark, spec), publisher, fileSystem, target)
          : new PathOutput(new FileFormat(spark, spec), publisher, fileSystem, target);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The path or the table, as the user wrote it. */
  String location();

  /** Whether what stands there can be replaced at all. */
  default boolean isReplaceable() {
    return true;
  }

  /**
   * Whether the input is, or lies within, what publishing would replace.
   *
   * @param files the paths of the input's files, where they can be told
   */
  boolean holds(InputSpec input, Set<String> files);

  /** Whether a path is the input's own or a file of it, or holds one, whatever links lead there. */
  static boolean isOrHolds(Path folder, InputSpec input, Set<String> files, Configuration hadoop) {
    List<Path> spellings = LocalFiles.spellings(folder, hadoop);
    Stream<Path> read =
        files.stream()
            .map(Path::new)
            .map(file -> LocalFiles.isLink(file) ? file : file.getParent())
            .distinct();
    return spellings.stream().map(Path::toString).anyMatch(files::contains)
        || Stream.concat(read, input.path().map(Path::new).stream())
            .anyMatch(path -> LocalFiles.isWithin(path, spellings, hadoop));
  }

  /**
   * Says what is there, after putting back what an interrupted replacement had set aside and
   * removing what a finished one has left.
   */
  Existing existing();

  /**
   * Throws if nothing can be staged, before work is wasted; a table tells that when it is staged.
   */
  default void checkIsWritable() {}

  /** Writes the rows out of readers' sight. */
  void stage(Dataset<Row> rows);

  /** The staged rows, to be read back. */
  Dataset<Row> staged();

  /**
   * Throws if another attempt has published first, or removed what was staged.
   *
   * @throws io.sparknorm.spark.JobException with status CONFLICT or TRY_AGAIN
   */
  void checkIsStaged();

  /**
   * Throws if so many records were staged, and none of their files is left: where they are not read
   * back, nobody else notices.
   *
   * @throws io.sparknorm.spark.JobException with status TRY_AGAIN
   */
  default void checkIsStaged(long records) {}

  /**
   * Makes the staged rows the output.
   *
   * @throws io.sparknorm.spark.JobException with status CONFLICT if somebody else published first,
   *     with TRY_AGAIN if somebody else has begun to
   */
  void publish();

  /** Removes what was staged, whether or not it was published; does nothing a second time. */
  void discard();
}
