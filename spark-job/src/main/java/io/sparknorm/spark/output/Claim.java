package io.sparknorm.spark.output;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.ExclusiveFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Whose a folder on an object store is: the marker of the run that publishes there. It is created
 * exclusively and stays, so that there is one for all time, and it tells of the files, so that
 * whoever finds it can bring the publishing to its end.
 *
 * @param run the identity of the run; empty if the marker does not tell
 * @param staged the name of the folder, within the one that is claimed, that has the files at first
 * @param files their paths below that folder, and later below the one that is claimed
 */
record Claim(String run, String staged, List<String> files) {
  private static final String STAGED = "staged";
  private static final String FILES = "files";

  /** The claim to a folder; one of no run if there is none, or it is damaged. */
  static Claim read(FileSystem fileSystem, Path folder) throws IOException {
    JsonNode fields = RunMarker.readFields(fileSystem, new Path(folder, RunMarker.NAME));
    List<String> files = new ArrayList<>();
    fields.path(FILES).forEach(file -> files.add(file.asText()));
    return new Claim(
        RunMarker.identity(fields).orElse(""), fields.path(STAGED).asText(), List.copyOf(files));
  }

  /**
   * Makes the claim.
   *
   * @return false if somebody else has made his
   */
  boolean create(FileSystem fileSystem, Path folder) throws IOException {
    byte[] content = RunMarker.content(run, Map.of(STAGED, staged, FILES, files));
    Path file = new Path(folder, RunMarker.NAME);
    return ExclusiveFile.create(fileSystem, file, out -> out.write(content)).isPresent();
  }
}
