package io.sparknorm.spark.output;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.ExclusiveFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Files in a folder by which attempts tell each other whose it is. They have ascending numbers, and
 * each is created exclusively; the newest holds. A number may come free and be taken again, so what
 * tells two claims apart is what they say.
 */
record Claims(FileSystem fileSystem, Path folder, Output.Publisher publisher) {
  private static final Pattern NAME = Pattern.compile("_sparknorm-claim-[0-9]{1,9}\\.json");
  private static final String ATTEMPT = "attempt";
  private static final String FILES = "files";
  private static final String NAMES = "names";

  /**
   * What one file says.
   *
   * @param run the identity of the run; empty if the file does not tell
   * @param attempt at the run that made the claim; empty if the file does not tell
   * @param written what the attempt has, once all is there
   */
  record Claim(int number, Path file, String run, String attempt, Optional<Written> written) {}

  /**
   * The files of one write.
   *
   * @param names what the names of all have in them, and no other
   */
  record Written(String names, int files) {}

  static boolean isClaim(Path file) {
    return NAME.matcher(file.getName()).matches();
  }

  Optional<Claim> newest() throws IOException {
    Optional<Path> newest = files().stream().max(Comparator.comparingInt(Claims::number));
    return newest.isEmpty() ? Optional.empty() : Optional.of(read(newest.get()));
  }

  /**
   * Makes the claim of a number.
   *
   * @param written what this attempt has, if all is there
   * @return empty if another attempt has the number
   */
  Optional<Claim> create(int number, Optional<Written> written) throws IOException {
    Path file = new Path(folder, "_sparknorm-claim-%d.json".formatted(number));
    Map<String, Object> fields = new TreeMap<>(Map.of(ATTEMPT, publisher.attempt()));
    written.ifPresent(
        some -> {
          fields.put(FILES, some.files());
          fields.put(NAMES, some.names());
        });
    byte[] content = RunMarker.content(publisher.identity(), fields);
    return ExclusiveFile.create(fileSystem, file, out -> out.write(content))
        .map(made -> new Claim(number, file, publisher.identity(), publisher.attempt(), written));
  }

  void removeAll() throws IOException {
    for (Path file : files()) {
      fileSystem.delete(file, false);
    }
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    try {
      for (FileStatus entry : fileSystem.listStatus(folder)) {
        if (isClaim(entry.getPath())) {
          files.add(entry.getPath());
        }
      }
    } catch (FileNotFoundException e) {
      return files; // nobody has begun
    }

    return files;
  }

  private static int number(Path file) {
    return Integer.parseInt(file.getName().replaceAll("[^0-9]", ""));
  }

  private Claim read(Path file) throws IOException {
    JsonNode fields = RunMarker.readFields(fileSystem, file);
    JsonNode files = fields.path(FILES);
    return new Claim(
        number(file),
        file,
        RunMarker.identity(fields).orElse(""),
        fields.path(ATTEMPT).asText(),
        files.isInt()
            ? Optional.of(new Written(fields.path(NAMES).asText(), files.intValue()))
            : Optional.empty());
  }
}
