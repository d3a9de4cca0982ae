package io.sparknorm.spark.output;

import java.io.IOException;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The hidden folder beside a target from which runs publish, one at a time. Whoever has staged all
 * enters it and puts out whoever is there, dead or alive: what such a run would still move to the
 * target, its marker last, is no longer where it would move it from. Whoever changes the target
 * takes the marker there out first, and in here, which a run that was put out cannot. So a marker
 * never tells of a run that another has changed the result of.
 */
final class PublishingFolder {
  private static final int TRIES = 20;

  private final HiddenFolders folders;
  private final Path root;

  PublishingFolder(HiddenFolders folders) {
    this.folders = folders;
    this.root = folders.sibling("publishing");
  }

  /** Where what an attempt has staged is once it has entered. */
  Path of(String attempt) {
    return new Path(root, attempt);
  }

  /**
   * Moves in.
   *
   * @param staged a folder that holds one of the attempt's own name, which is within this one then
   */
  void enter(Path staged) throws IOException {
    for (int i = 1; ; i++) {
      try {
        folders.move(staged, root);
        return;
      } catch (FileAlreadyExistsException e) {
        if (i == TRIES) {
          throw e;
        }

        folders.remove(root);
      }
    }
  }

  /** Removes what attempts whose names begin so have left here, and nobody else's. */
  void leave(String prefix) throws IOException {
    for (FileStatus attempt : folders.entries(root, prefix)) {
      folders.remove(attempt.getPath());
    }

    folders.removeIfEmpty(root);
  }
}
