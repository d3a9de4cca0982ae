package io.sparknorm.spark;

import java.util.Locale;

/** What the process tells its scheduler when it leaves. */
public enum LeavingStatus {
  DONE(0),
  UNEXPECTED(1),
  /** The command line or the configuration is wrong. */
  USAGE(2),
  /** The data breaks the contract: schema, shape or faults. */
  DATA(3),
  /** A gate failed: drift or verification. */
  GATE(4),
  /** The output exists, or somebody else published first. */
  CONFLICT(5),
  /** Trying again may help. */
  TRY_AGAIN(75),
  /** Told to stop by a signal: 128 and the number of SIGTERM. */
  STOPPED(143);

  private final int number;

  LeavingStatus(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** In a word, such as {@code try-again}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
