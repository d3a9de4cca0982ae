package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;
import org.junit.jupiter.api.Test;

class TestLevelEncoder {
  @Property
  void parquetReadsBackEveryLevel(
      @ForAll @IntRange(min = 1, max = 3) int maxLevel,
      @ForAll @Size(max = 300) List<@IntRange(max = 3) Integer> levels,
      @ForAll @Size(min = 300, max = 300) List<@IntRange(min = 1, max = 40) Integer> lengths)
      throws IOException {
    LevelEncoder encoder = new LevelEncoder(maxLevel);
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < levels.size(); i++) {
      int level = Math.min(levels.get(i), maxLevel);
      encoder.add(level, lengths.get(i));
      for (int j = 0; j < lengths.get(i); j++) {
        expected.add(level);
      }
    }

    assertThat(decode(encoder, maxLevel, expected.size())).isEqualTo(expected);
    for (int level = 0; level <= maxLevel; level++) {
      int wanted = level;
      assertThat(encoder.histogram()[level])
          .isEqualTo(expected.stream().filter(each -> each == wanted).count());
    }
  }

  @Test
  void aPageStartsAnewAfterClear() throws IOException {
    LevelEncoder encoder = new LevelEncoder(3);
    encoder.add(2, 5);
    encoder.toBytes();
    encoder.clear();
    encoder.add(3, 9);

    assertThat(decode(encoder, 3, 9)).containsOnly(3);
    assertThat(encoder.histogram()).containsExactly(0, 0, 0, 9);
  }

  /** As a signed number, twice the length of such a run is negative. */
  @Test
  void aRunMayHaveMoreThanABillionLevels() throws IOException {
    int length = (1 << 30) + 5;
    LevelEncoder encoder = new LevelEncoder(1);
    encoder.add(1, length);
    InputStream levels = ByteBufferInputStream.wrap(encoder.toBytes().toByteBuffer());

    assertThat(BytesUtils.readIntLittleEndian(levels)).isEqualTo(levels.available());
    assertThat(BytesUtils.readUnsignedVarInt(levels) >>> 1).isEqualTo(length);
    assertThat(levels.readAllBytes()).containsExactly(1);
  }

  @Test
  void aRecordCostsAFewBytesWhateverItsLength() throws IOException {
    LevelEncoder encoder = new LevelEncoder(1);
    for (int i = 0; i < 100; i++) {
      encoder.add(0, 1);
      encoder.add(1, 1_000_000);
    }

    assertThat(encoder.toBytes().size()).isLessThan(100 * 8);
  }

  private static List<Integer> decode(LevelEncoder encoder, int maxLevel, int count)
      throws IOException {
    ByteBufferInputStream in = encoder.toBytes().toInputStream();
    assertThat(BytesUtils.readIntLittleEndian(in)).isEqualTo(in.available());
    RunLengthBitPackingHybridDecoder decoder =
        new RunLengthBitPackingHybridDecoder(BytesUtils.getWidthFromMaxInt(maxLevel), in);
    List<Integer> levels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      levels.add(decoder.readInt());
    }
    return levels;
  }
}
