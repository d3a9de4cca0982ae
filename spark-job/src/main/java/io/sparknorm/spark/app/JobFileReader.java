package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkConf;

/**
 * Reads the text of a job file before Spark starts, so that a mistake in it costs no cluster: from
 * any Hadoop path, or from what was shipped with {@code --files}. YARN puts shipped files into the
 * working directory; elsewhere {@code spark.files} says where they are.
 */
final class JobFileReader {
  private final SparkConf settings;
  private final Configuration hadoop;

  JobFileReader(SparkConf settings) {
    this.settings = settings;
    this.hadoop = HadoopSettings.of(settings);
  }

  /**
   * The text of the file.
   *
   * @param location a Hadoop path, or the bare name of a shipped file
   * @throws JobException if there is no such file, or it cannot be read
   */
  String read(String location) {
    for (Path candidate : candidates(location)) {
      Optional<String> text = readIfPresent(candidate);
      if (text.isPresent()) {
        return text.get();
      }
    }

    throw JobException.usage(
        "Cannot read %s: no such file, neither there nor among the files shipped with --files"
            .formatted(location));
  }

  private Optional<String> readIfPresent(Path path) {
    try (InputStream stream = path.getFileSystem(hadoop).open(path)) {
      return Optional.of(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (AccessControlException
        | UnsupportedFileSystemException
        | IllegalArgumentException e) { // HDFS says so that it does not know the host
      throw unreadable(LeavingStatus.USAGE, path, e);
    } catch (IOException e) {
      throw unreadable(LeavingStatus.TRY_AGAIN, path, e);
    }
  }

  private static JobException unreadable(LeavingStatus status, Path path, Exception error) {
    return new JobException(
        status, "Cannot read %s: %s".formatted(path, error.getMessage()), error);
  }

  /** Only a bare name may mean a shipped file: a path that leads nowhere is a mistake. */
  private List<Path> candidates(String location) {
    List<Path> candidates = new ArrayList<>();
    candidates.add(path(location));
    if (!location.contains("/")) {
      candidates.add(new Path(new File(location).toURI()));
      for (String shipped : settings.get("spark.files", "").split(",", -1)) {
        if (shipped.endsWith("/" + location)) {
          candidates.add(new Path(shipped));
        }
      }
    }

    return candidates;
  }

  private static Path path(String location) {
    try {
      return new Path(location);
    } catch (IllegalArgumentException e) {
      throw new JobException(
          LeavingStatus.USAGE, "Invalid --config: %s (must be a path)".formatted(location), e);
    }
  }
}
