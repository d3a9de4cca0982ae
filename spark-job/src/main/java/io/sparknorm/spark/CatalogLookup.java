package io.sparknorm.spark;

import java.util.Optional;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;

/**
 * Asks a catalog of a table, and tells a table that is not there from a catalog that does not
 * answer: Spark throws an {@link AnalysisException} for either.
 */
public final class CatalogLookup {
  /** What Spark says of a name that no catalog lists; that of a path, too, is one. */
  private static final String NOT_FOUND = "TABLE_OR_VIEW_NOT_FOUND";

  private CatalogLookup() {}

  /** A question of Spark's, which declares what it throws or does not. */
  @FunctionalInterface
  public interface Question<T> {
    T ask() throws AnalysisException;
  }

  /**
   * The answer; empty if there is no such table. Whatever else Spark throws goes on as it is, such
   * as that a Hive metastore is out of reach.
   */
  public static <T> Optional<T> find(Question<T> question) {
    try {
      return Optional.of(question.ask());
    } catch (AnalysisException e) {
      if (!isNotFound(e)) {
        CatalogLookup.<RuntimeException>throwUndeclared(e);
      }

      return Optional.empty();
    }
  }

  /**
   * Spark's word for what a table is; empty if there is no such table.
   *
   * @param table its quoted name
   * @throws JobException if the catalog did not answer, of which Spark 3.5 says no more
   */
  public static Optional<String> tableType(SparkSession spark, String table) {
    return find(
        () -> {
          String type = spark.catalog().getTable(table).tableType();
          if (type == null) {
            spark.table(table); // says what the catalog does, if that is still so
            throw silent(table);
          }

          return type;
        });
  }

  private static JobException silent(String table) {
    return new JobException(
        LeavingStatus.TRY_AGAIN,
        "Cannot look up table %s: its catalog gives no answer; start the run again"
            .formatted(table));
  }

  /** Whether this says that there is no such table; a catalog that could not find out says why. */
  @SuppressWarnings("deprecation") // Spark 3.5 has this name only
  public static boolean isNotFound(Exception failure) {
    return failure instanceof AnalysisException unknown
        && NOT_FOUND.equals(unknown.getErrorClass())
        && failure.getCause() == null;
  }

  @SuppressWarnings("unchecked") // nothing is cast: the type is gone when this runs
  private static <E extends Exception> void throwUndeclared(Exception failure) throws E {
    throw (E) failure;
  }
}
