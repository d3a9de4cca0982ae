package io.sparknorm.spark.fit;

import io.sparknorm.spark.Listing;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.InputIdentity.InputFile;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Tells one state of a dataset's files from another. */
final class InputFiles {
  private InputFiles() {}

  /**
   * The identity of these files as they are now; files that are gone are left out of it. A view,
   * and a dataset without files such as a query of a database, has an identity that no other run
   * shares.
   */
  static InputIdentity identify(
      String[] uris, String location, boolean isView, Configuration hadoop) throws IOException {
    Map<Path, Map<Path, FileStatus>> folders = new HashMap<>();
    List<InputFile> files = new ArrayList<>(uris.length);
    for (String uri : uris) {
      Path path = new Path(URI.create(uri));
      Path folder = path.getParent();
      if (!folders.containsKey(folder)) {
        folders.put(folder, statuses(folder, hadoop));
      }

      FileStatus status = folders.get(folder).get(path);
      if (status != null) {
        files.add(file(path, status));
      }
    }

    files.sort(Comparator.comparing(InputFile::path));
    if (isView || files.isEmpty()) {
      String unique = UUID.randomUUID().toString();
      return new InputIdentity(InputIdentity.Kind.UNKNOWN, location, files, Sha256.of(unique));
    }

    return identity(location, files);
  }

  private static InputFile file(Path path, FileStatus status) {
    return new InputFile(
        path.toString(), status.getLen(), status.getModificationTime(), etag(status));
  }

  private static Optional<String> etag(FileStatus status) {
    return status instanceof EtagSource source
        ? Optional.ofNullable(source.getEtag())
        : Optional.empty();
  }

  /** The path of a file, from its address as Spark gives it. */
  static String path(String uri) {
    return new Path(URI.create(uri)).toString();
  }

  /**
   * The identity of files.
   *
   * @param files in the order of their paths
   */
  static InputIdentity identity(String location, List<InputFile> files) {
    return new InputIdentity(InputIdentity.Kind.FILES, location, files, digest(files));
  }

  /** SHA-256 of all that identifies files. */
  static String digest(List<InputFile> files) {
    StringBuilder all = new StringBuilder();
    for (InputFile file : files) {
      all.append(file.path()).append('\n');
      all.append(file.length()).append(' ').append(file.modified());
      file.etag().ifPresent(etag -> all.append(' ').append(etag));
      all.append('\n');
    }

    return Sha256.of(all.toString());
  }

  /** One listing per folder: cheaper than asking for each file. */
  private static Map<Path, FileStatus> statuses(Path folder, Configuration hadoop)
      throws IOException {
    FileSystem fileSystem = folder.getFileSystem(hadoop);
    Map<Path, FileStatus> statuses = new HashMap<>();
    for (FileStatus status : Listing.of(fileSystem, folder)) {
      statuses.put(status.getPath(), status);
    }

    return statuses;
  }
}
