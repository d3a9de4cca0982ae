package io.sparknorm.spark.app;

import java.net.ConnectException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.delta.catalog.DeltaCatalog;
import scala.Option;
import scala.collection.immutable.Map;

/**
 * Delta's catalog, where somebody acts when a table is asked for the n-th time, or whose server is
 * then out of reach. That is told as Spark's client of a Hive metastore tells it.
 */
public final class WatchedCatalog extends DeltaCatalog {
  private static final AtomicInteger QUESTIONS = new AtomicInteger();
  private static volatile int from = Integer.MAX_VALUE;
  private static volatile int to = Integer.MAX_VALUE;
  private static volatile Runnable act = () -> {};

  /** Counts from now on, and nothing else. */
  static void watch() {
    act(Integer.MAX_VALUE, Integer.MAX_VALUE, () -> {});
  }

  /** Lets somebody act before the n-th question is answered. */
  static void actAt(int question, Runnable act) {
    act(question, question, act);
  }

  /** Has the n-th question fail. */
  static void failAt(int question) {
    act(question, question, WatchedCatalog::fail);
  }

  /** Has every question fail. */
  static void fallSilent() {
    act(1, Integer.MAX_VALUE, WatchedCatalog::fail);
  }

  private static void act(int first, int last, Runnable act) {
    from = Integer.MAX_VALUE;
    WatchedCatalog.act = act;
    to = last;
    QUESTIONS.set(0);
    from = first;
  }

  /** How often a table has been asked for since. */
  static int questions() {
    return QUESTIONS.get();
  }

  @Override
  public Table loadTable(Identifier name) {
    int question = QUESTIONS.incrementAndGet();
    if (from <= question && question <= to) {
      act.run();
    }

    return super.loadTable(name);
  }

  private static void fail() {
    WatchedCatalog.<RuntimeException>undeclared(
        new AnalysisException(
            "INTERNAL_ERROR",
            new Map.Map1<>("message", "MetaException: no answer"),
            Option.apply(new ConnectException("Connection refused"))));
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> void undeclared(Exception failure) throws E {
    throw (E) failure;
  }
}
