package io.sparknorm.spark.output;

import java.util.function.BooleanSupplier;

/** What is asked and done once something has failed, and must not hide that failure. */
final class AfterFailure {
  private AfterFailure() {}

  /** Does what is to be done all the same. */
  static void attempt(Exception failure, Runnable action) {
    try {
      action.run();
    } catch (Exception e) { // Spark throws checked ones undeclared
      failure.addSuppressed(e);
    }
  }

  /** Whether something is known to be so; not if that cannot be told. */
  static boolean isSo(Exception failure, BooleanSupplier question) {
    try {
      return question.getAsBoolean();
    } catch (Exception e) { // Spark throws checked ones undeclared
      failure.addSuppressed(e);
      return false;
    }
  }
}
