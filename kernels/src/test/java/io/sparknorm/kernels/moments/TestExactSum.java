package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TestExactSum {
  /** 2^31 - 1 deposits of 2^32 - 1 on top of a digit: the most that limbs are made for. */
  private static final long MOST = (1L << 31) * ((1L << 32) - 1);

  @Test
  void theFullestLimbsAddUp() {
    assertThat(value(ExactSum.of(3, new long[] {MOST, MOST, MOST, MOST})))
        .isEqualTo(value(3, new long[] {MOST, MOST, MOST, MOST}));
    assertThat(value(ExactSum.of(3, new long[] {-MOST, -MOST, -MOST, -MOST})))
        .isEqualTo(value(3, new long[] {-MOST, -MOST, -MOST, -MOST}));
  }

  @Property
  void limbsAddUp(
      @ForAll @IntRange(max = 5) int low,
      @ForAll @Size(max = 6) List<@LongRange(min = -MOST, max = MOST) Long> limbs) {
    assertThat(value(ExactSum.of(low, unboxed(limbs)))).isEqualTo(value(low, unboxed(limbs)));
  }

  @Property
  void digitsAreTheShortestTwosComplement(
      @ForAll @Size(max = 6) List<@LongRange(min = -MOST, max = MOST) Long> limbs) {
    ExactSum sum = ExactSum.of(0, unboxed(limbs));

    BigInteger exact = value(0, unboxed(limbs));
    if (exact.signum() == 0) {
      assertThat(sum.size()).isZero();
      assertThat(sum.low()).isZero();
    } else {
      assertThat(sum.low()).isEqualTo(exact.getLowestSetBit() / 32);
      assertThat(sum.end()).isEqualTo(exact.bitLength() / 32 + 1);
    }
  }

  @Test
  void signsNeedADigitOnlyWhereTheNextOneDoesNotImplyThem() {
    assertThat(ExactSum.of(0, new long[] {0x7fffffffL}).size()).isEqualTo(1);
    assertThat(ExactSum.of(0, new long[] {0x80000000L}).size()).isEqualTo(2);
    assertThat(ExactSum.of(0, new long[] {-0x80000000L}).size()).isEqualTo(1);
    assertThat(ExactSum.of(0, new long[] {-0x80000001L}).size()).isEqualTo(2);
    assertThat(ExactSum.of(7, new long[] {0, 0, -1, 0}).low()).isEqualTo(9);
    assertThat(ExactSum.of(7, new long[] {1L << 32, -1}).size()).isZero();
  }

  private static long[] unboxed(List<Long> limbs) {
    return limbs.stream().mapToLong(Long::longValue).toArray();
  }

  private static BigInteger value(ExactSum sum) {
    return sum.integer().shiftLeft(sum.exponent());
  }

  private static BigInteger value(int low, long[] limbs) {
    BigInteger value = BigInteger.ZERO;
    for (int i = 0; i < limbs.length; i++) {
      value = value.add(BigInteger.valueOf(limbs[i]).shiftLeft(32 * (low + i)));
    }

    return value;
  }
}
