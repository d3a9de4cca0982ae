package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.TensorView;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Sums and sums of squares by channel of records with one value for each, one record or several in
 * an array, as a fit gets them out of rows and out of batches: exact ones, with and without vector
 * instructions, beside plain sums of doubles.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+AlwaysPreTouch"})
public class MomentsBenchmark {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

  /** What the values of the channels are like. */
  public enum Values {
    NORMAL {
      @Override
      double of(Random random, int channel) {
        return random.nextGaussian();
      }
    },
    OFFSET {
      @Override
      double of(Random random, int channel) {
        return 100 + random.nextGaussian();
      }
    },
    CHANNELS_OF_DIFFERENT_SCALE {
      @Override
      double of(Random random, int channel) {
        return random.nextGaussian() * Math.pow(10, channel % 13 - 6);
      }
    },
    ALL_SCALES {
      @Override
      double of(Random random, int channel) {
        return random.nextGaussian() * Math.pow(10, random.nextInt(61) - 30);
      }
    };

    abstract double of(Random random, int channel);
  }

  @Param public Values values;

  @Param({"16", "256", "4096"})
  public int channels;

  /** The number of values in all records. */
  @Param("4194304")
  public int elements;

  /** The number of values in an array, unless a record has more. */
  @Param({"1", "65536"})
  public int together;

  private float[][] floats;
  private double[][] doubles;
  private TensorView records;

  @Setup
  public void prepare() {
    Random random = new Random(42);
    records = new TensorView(Math.max(1, together / channels), channels, 1);
    floats = new float[elements / records.length()][records.length()];
    doubles = new double[floats.length][records.length()];
    for (int a = 0; a < floats.length; a++) {
      for (int i = 0; i < records.length(); i++) {
        doubles[a][i] = values.of(random, records.channelOf(i));
        floats[a][i] = (float) doubles[a][i];
      }
    }
  }

  /** Plain sums and sums of squares by channel. */
  public record Sums(double[] sums, double[] squares) {}

  @Benchmark
  public Moments exactFloats() {
    return exactFloats(TileLoops.best());
  }

  @Benchmark
  public Moments exactFloatsScalar() {
    return exactFloats(ScalarTileLoops.INSTANCE);
  }

  private Moments exactFloats(TileLoops loops) {
    Moments moments = new Moments(channels, loops);
    for (float[] x : floats) {
      moments.add(x, records);
    }

    return moments;
  }

  @Benchmark
  public Moments exactDoubles() {
    return exactDoubles(TileLoops.best());
  }

  @Benchmark
  public Moments exactDoublesScalar() {
    return exactDoubles(ScalarTileLoops.INSTANCE);
  }

  private Moments exactDoubles(TileLoops loops) {
    Moments moments = new Moments(channels, loops);
    for (double[] x : doubles) {
      moments.add(x, records);
    }

    return moments;
  }

  @Benchmark
  public Sums plainFloats() {
    double[] sums = new double[channels];
    double[] squares = new double[channels];
    for (float[] x : floats) {
      for (int record = 0; record < x.length; record += channels) {
        for (int c = 0; c < channels; c++) {
          double value = x[record + c];
          sums[c] += value;
          squares[c] += value * value;
        }
      }
    }

    return new Sums(sums, squares);
  }

  @Benchmark
  public Sums plainDoubles() {
    double[] sums = new double[channels];
    double[] squares = new double[channels];
    for (double[] x : doubles) {
      for (int record = 0; record < x.length; record += channels) {
        for (int c = 0; c < channels; c++) {
          double value = x[record + c];
          sums[c] += value;
          squares[c] += value * value;
        }
      }
    }

    return new Sums(sums, squares);
  }

  @Benchmark
  public Sums plainFloatsVector() {
    double[] sums = new double[channels];
    double[] squares = new double[channels];
    for (float[] x : floats) {
      for (int record = 0; record < x.length; record += channels) {
        for (int c = 0; c < channels; c += DOUBLES.length()) {
          FloatVector narrow = FloatVector.fromArray(FLOATS, x, record + c);
          DoubleVector value = (DoubleVector) narrow.convertShape(VectorOperators.F2D, DOUBLES, 0);
          DoubleVector.fromArray(DOUBLES, sums, c).add(value).intoArray(sums, c);
          DoubleVector square = value.mul(value);
          DoubleVector.fromArray(DOUBLES, squares, c).add(square).intoArray(squares, c);
        }
      }
    }

    return new Sums(sums, squares);
  }
}
