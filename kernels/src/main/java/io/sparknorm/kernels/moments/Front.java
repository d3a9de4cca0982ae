package io.sparknorm.kernels.moments;

import static io.sparknorm.kernels.moments.TileLoops.TILE;

import io.sparknorm.kernels.TensorView;
import java.util.Arrays;

/**
 * The fast road of values into channels' moments. Values wait in a block, unless they come as one;
 * a full block is added, {@link TileLoops#TILE} lanes at a time, to a few doubles per lane, its
 * window, in such a way that no addition rounds. Whether that came true is known at the block's
 * end: if not, the window stays as it was, and the lane's values of this block take the slow road,
 * one by one into the channel's limbs. The result is the same on both. Now and then windows are
 * emptied into the limbs.
 *
 * <p>A lane is a channel, or one of several that share a channel where there are few. Its window is
 * determined by an exponent e: the leading part of the sum of squares, Q1, starts at the anchor
 * {@code 2^e}, and as long as it stays below {@code 2^(e + 1)} it holds multiples of {@code 2^(e -
 * 52)}. That bounds all values by their squares, and with the number of values, all sums
 * (Cauchy-Schwarz). Values so small that they are no multiples of a unit, which the exponent
 * implies, are refused. Choosing exponents badly costs time, but never exactness.
 *
 * @param <A> an array of floats or doubles
 */
abstract class Front<A> {
  /** The exponent of a lane that has seen but zeros: that of 0. */
  static final int UNSET = Double.MIN_EXPONENT - 1;

  /** More rows would not make a block faster. */
  private static final int MOST_ROWS = 128;

  /** Fewer rows would spend more on windows than on values. */
  private static final int FEWEST_ROWS = 8;

  /** Between these bounds a block leaves room in a second-level cache of 512 KiB. */
  private static final int BLOCK_BYTES = 3 << 17;

  /** Where so many neighbours belong to one channel, they are added without a block. */
  private static final int SHORTEST_RUN = 64;

  /** Where most lanes of a tile take the slow road, so many blocks at most do so untried. */
  private static final int MOST_UNTRIED = 64;

  private final ChannelMoments[] channels;

  /** Lanes of one row of the block; those from {@code lanes} to {@code stride} stay zero. */
  private final int lanes;

  private final int stride;
  private final int rows;
  private final A block;
  private final A lastOfRun;
  private final A zeros;

  private final int parts;
  private final int squaresParts;

  /** Windows are exact for so many values. */
  private final int capacity;

  /** Of each tile all parts of its lanes' windows, those of the squares first. */
  private final double[][][] windows;

  /** The same of one tile while a block is added. */
  private double[][] sums;

  /** How many values the windows of each tile have been offered since they were all renewed. */
  private final int[] offered;

  /** How many of those each window does not hold. */
  private final int[] missing;

  /** How many blocks of each tile the slow road takes the next time. */
  private final int[] untried;

  /** How many of those are still to come. */
  private final int[] untriedLeft;

  /** Where the next value goes. */
  private int row;

  private int lane;

  private boolean isFlushed = true;

  Front(
      ChannelMoments[] channels, int elementBytes, int parts, int squaresParts, int capacityWidth) {
    this.channels = channels;
    this.parts = parts;
    this.squaresParts = squaresParts;
    capacity = 1 << capacityWidth;
    lanes = channels.length * Math.max(1, TILE / channels.length);
    // An odd number of tiles, so that a tile's rows do not compete for the same cache lines.
    stride = ((lanes + TILE - 1) / TILE | 1) * TILE;
    rows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, BLOCK_BYTES / elementBytes / stride));
    block = newArray(Math.multiplyExact(rows, stride));
    lastOfRun = newArray(TILE);
    zeros = newArray(TILE);
    windows = new double[stride / TILE][parts][TILE];
    sums = new double[parts][TILE];
    offered = new int[windows.length];
    missing = new int[stride];
    untried = new int[windows.length];
    untriedLeft = new int[windows.length];
  }

  /**
   * What a channel takes at least: its column of the block, its window's parts, limit and count.
   */
  static long leastBytes(int elementBytes, int parts) {
    return (FEWEST_ROWS + 1L) * elementBytes + (long) parts * Double.BYTES + Integer.BYTES;
  }

  /** How many lanes there are in whole tiles. */
  final int stride() {
    return stride;
  }

  /** What this takes, apart from small change. */
  final long bytes(int elementBytes) {
    return (long) rows * stride * elementBytes
        + (long) stride * (parts * Double.BYTES + Integer.BYTES);
  }

  abstract A newArray(int length);

  abstract void copy(A x, int from, int n, A to, int at);

  /** Copies n elements that stand a step apart. */
  abstract void gather(A x, int from, int step, int n, A to, int at);

  /** Where a part starts, given the window's exponent, which is set. */
  abstract double anchor(int part, int exponent);

  /** Whether windows may have this exponent. */
  abstract boolean allows(int exponent);

  /** Forgets the smallest magnitudes. */
  abstract void clearLeast();

  /** Adds to a tile's window, and leaves the sums in another, or in the same. */
  abstract void accumulate(A x, int from, int stride, int rows, double[][] window, double[][] sums);

  /** Takes note of the exponent of a lane's window. */
  abstract void limit(int l, int exponent);

  /**
   * Whether {@code EXACT} is the outcome for all lanes of the tile that starts at a lane, given Q1
   * before and after.
   */
  abstract boolean allFit(int first, double[] before, double[] after);

  /**
   * Whether all that the tile's lane was given since {@code clearLeast} are multiples of a unit.
   */
  abstract boolean isOnGrid(int laneOfTile, int exponent);

  /** The sum of squares of n values, roughly. */
  abstract double squares(A x, int from, int stride, int n);

  abstract void addSlowly(ChannelMoments channel, A x, int from, int stride, int n);

  /** Adds every element of a record, whose length fits the view. */
  final void add(A x, TensorView view) {
    isFlushed = false;
    int inner = view.inner();
    if (inner == 1) {
      addRows(x, view.length());
    } else if (inner >= SHORTEST_RUN) {
      addRuns(x, view);
    } else {
      for (int o = 0; o < view.outer(); o++) {
        for (int i = 0; i < inner; i++) {
          addRow(x, o * view.channels() * inner + i, inner);
        }
      }
    }
  }

  /**
   * Adds rows of channels that stand one after the other. Those of a single tile are added where
   * they are, if there are enough; of wider ones, a tile's part is not read in one go.
   */
  private void addRows(A x, int length) {
    int from = 0;
    if (lanes == TILE) {
      for (int n; (n = Math.min(MOST_ROWS, (length - from) / TILE)) >= FEWEST_ROWS; ) {
        addTile(0, x, from, TILE, n);
        from += n * TILE;
      }
    }

    while (from < length) {
      int n = Math.min(lanes - lane, length - from);
      copy(x, from, n, block, row * stride + lane);
      from += n;
      advance(n);
    }
  }

  /** Adds one row of channels that stand apart. */
  private void addRow(A x, int from, int step) {
    gather(x, from, step, channels.length, block, row * stride + lane);
    advance(channels.length);
  }

  private void advance(int n) {
    lane += n;
    if (lane == lanes) {
      lane = 0;
      row++;
      if (row == rows) {
        addBlock();
      }
    }
  }

  /** Hands everything over to the channels. */
  final void flush() {
    if (isFlushed) {
      return;
    }

    int rest = lane;
    lane = 0;
    for (int l = 0; l < rest; l++) {
      addSlowly(channel(l), block, row * stride + l, 1, 1);
    }

    addBlock();
    for (int l = 0; l < lanes; l++) {
      empty(l);
    }

    isFlushed = true;
  }

  private void addBlock() {
    for (int first = 0; first < lanes && row > 0; first += TILE) {
      addTile(first, block, first, stride, row);
    }

    row = 0;
  }

  /** Adds n rows, each a step after the one before, to the tile that starts at a lane. */
  private void addTile(int first, A x, int from, int step, int n) {
    int tile = first / TILE;
    if (untriedLeft[tile] > 0) {
      untriedLeft[tile]--;
      for (int l = 0; l < lanes(tile) - first; l++) {
        addSlowly(channel(first + l), x, from + l, step, n);
      }

      return;
    }

    if (offered[tile] + n > capacity) {
      renewAll(tile);
    }

    tryTile(tile, x, from, step, n);
    if (allFit(first, windows[tile][0], sums[0])) {
      double[][] before = windows[tile];
      windows[tile] = sums;
      sums = before;
      offered[tile] += n;
      untried[tile] = 0;
    } else {
      addMisfits(first, x, from, step, n);
    }
  }

  /** The lane after the last of a tile. */
  private int lanes(int tile) {
    return Math.min(lanes, (tile + 1) * TILE);
  }

  private void tryTile(int tile, A x, int from, int step, int n) {
    clearLeast();
    accumulate(x, from, step, n, windows[tile], sums);
  }

  /** Q1 only grows, so that its exponent at the end is that of every step; NaN has another. */
  private Outcome outcome(int l, int exponent) {
    if (Math.getExponent(sums[0][l]) != exponent) {
      return Outcome.OUT_OF_RANGE;
    }

    return isOnGrid(l, exponent) ? Outcome.EXACT : Outcome.OFF_GRID;
  }

  /** Adds a tile of which some lanes do not fit, after another try with better windows. */
  private void addMisfits(int first, A x, int from, int step, int n) {
    boolean refitted = false;
    for (int l = 0; l < TILE; l++) {
      Outcome outcome = outcome(l, exponent(first + l));
      if (outcome != Outcome.EXACT) {
        refitted |= refit(first + l, outcome, squares(x, from + l, step, n), n);
      }
    }

    int tile = first / TILE;
    if (refitted) {
      tryTile(tile, x, from, step, n);
    }

    offered[tile] += n;
    int misfits = 0;
    for (int l = 0; l < TILE; l++) {
      if (outcome(l, exponent(first + l)) == Outcome.EXACT) {
        for (int p = 0; p < parts; p++) {
          windows[tile][p][l] = sums[p][l];
        }
      } else {
        misfits++;
        missing[first + l] += n;
        addSlowly(channel(first + l), x, from + l, step, n);
      }
    }

    boolean most = 2 * misfits > lanes(tile) - first;
    untried[tile] = most ? Math.min(MOST_UNTRIED, Math.max(1, 2 * untried[tile])) : 0;
    untriedLeft[tile] = untried[tile];
  }

  /** Adds runs of neighbours, each of one channel. */
  private void addRuns(A x, TensorView view) {
    int inner = view.inner();
    int pieces = (inner + capacity - 1) / capacity;
    int piece = (inner + pieces - 1) / pieces;
    int from = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < channels.length; c++) {
        for (int end = from + inner; from < end; ) {
          int n = Math.min(piece, end - from);
          addPiece(c, x, from, n);
          from += n;
        }
      }
    }
  }

  /** Adds no more neighbours than a window is exact for. */
  private void addPiece(int c, A x, int from, int n) {
    Outcome outcome = tryPiece(c, x, from, n);
    if (outcome != Outcome.EXACT && refit(c, outcome, squares(x, from, 1, n), n)) {
      outcome = tryPiece(c, x, from, n);
    }

    if (outcome != Outcome.EXACT) {
      addSlowly(channels[c], x, from, 1, n);
    }
  }

  /**
   * Adds neighbours to windows of their own, one per lane of the tile, with the exponent of the
   * channel's first lane. The windows' sums are within the bounds of one, so that they too are
   * exact.
   */
  private Outcome tryPiece(int c, A x, int from, int n) {
    int exponent = exponent(c);
    for (int p = 0; p < parts; p++) {
      Arrays.fill(sums[p], start(p, exponent));
    }

    clearLeast();
    int whole = n - n % TILE;
    accumulate(x, from, TILE, whole / TILE, sums, sums);
    if (whole < n) {
      copy(zeros, 0, TILE, lastOfRun, 0);
      copy(x, from + whole, n - whole, lastOfRun, 0);
      accumulate(lastOfRun, 0, TILE, 1, sums, sums);
    }

    for (int l = 0; l < TILE; l++) {
      Outcome outcome = outcome(l, exponent);
      if (outcome != Outcome.EXACT) {
        return outcome;
      }
    }

    double range = start(0, exponent);
    if (total(0, range) > range) {
      return Outcome.OUT_OF_RANGE;
    }

    channels[c].count(n);
    for (int p = 0; p < parts; p++) {
      deposit(p, total(p, start(p, exponent)), channels[c]);
    }

    return Outcome.EXACT;
  }

  private double total(int part, double start) {
    double sum = 0;
    for (double value : sums[part]) {
      sum += value - start;
    }

    return sum;
  }

  /**
   * Finds a lane a better window for the values that did not fit.
   *
   * @return whether there is one
   */
  private boolean refit(int l, Outcome outcome, double squares, int n) {
    int exponent = exponent(l);
    int wanted = exponentFor(squares, n);
    if (!allows(wanted)) {
      return false;
    }

    if (outcome == Outcome.OUT_OF_RANGE) {
      open(l, Math.max(wanted, exponent));
      return true;
    }

    return narrow(l, wanted);
  }

  /** Makes room for whole windows of values like the last ones. */
  private void renewAll(int tile) {
    for (int l = tile * TILE; l < lanes(tile); l++) {
      if (held(l) > 0) {
        renew(l);
      }

      missing[l] = 0;
    }

    offered[tile] = 0;
  }

  private void renew(int l) {
    int wanted = exponentFor(part(0, l) - start(0, exponent(l)), held(l));
    if (!allows(wanted) || !narrow(l, wanted)) {
      empty(l);
    }
  }

  private boolean narrow(int l, int wanted) {
    // Windows differ by 1 from sample to sample, which is not worth a change.
    if (wanted >= exponent(l) - 1) {
      return false;
    }

    open(l, wanted);
    return true;
  }

  /** An exponent with room for twice the squares of a full window of values like these. */
  private int exponentFor(double squares, int n) {
    return Math.getExponent(squares * (2.0 * capacity / n)) + 1;
  }

  private void open(int l, int exponent) {
    empty(l);
    for (int p = 0; p < parts; p++) {
      setPart(p, l, anchor(p, exponent));
    }

    limit(l, exponent);
  }

  /** Hands what a lane holds over to its channel. */
  private void empty(int l) {
    if (held(l) > 0) {
      int exponent = exponent(l);
      channel(l).count(held(l));
      for (int p = 0; p < parts; p++) {
        double start = start(p, exponent);
        deposit(p, part(p, l) - start, channel(l));
        setPart(p, l, start);
      }
    }

    missing[l] = offered[l / TILE];
  }

  private int held(int l) {
    return offered[l / TILE] - missing[l];
  }

  private void deposit(int part, double amount, ChannelMoments channel) {
    if (part < squaresParts) {
      channel.depositSquares(amount);
    } else {
      channel.depositSum(amount);
    }
  }

  private double start(int part, int exponent) {
    return exponent == UNSET ? 0 : anchor(part, exponent);
  }

  private int exponent(int l) {
    return Math.getExponent(part(0, l));
  }

  private double part(int p, int l) {
    return windows[l / TILE][p][l % TILE];
  }

  private void setPart(int p, int l, double value) {
    windows[l / TILE][p][l % TILE] = value;
  }

  private ChannelMoments channel(int l) {
    return channels[l % channels.length];
  }

  private enum Outcome {
    EXACT,
    OUT_OF_RANGE,
    OFF_GRID
  }
}
