package io.sparknorm.spark.app;

import java.util.function.LongSupplier;

/**
 * Something that is timed.
 *
 * @param clear removes what an earlier run has written, before the time is taken
 * @param bytesWritten by the last run, 0 where that is not looked at
 */
record Work(Runnable run, Runnable clear, LongSupplier bytesWritten) {
  /** One that writes nothing. */
  static Work reading(Runnable run) {
    return new Work(run, () -> {}, () -> 0);
  }

  /** The same, after something that is not timed. */
  Work after(Runnable something) {
    Runnable both =
        () -> {
          something.run();
          clear.run();
        };
    return new Work(run, both, bytesWritten);
  }
}
