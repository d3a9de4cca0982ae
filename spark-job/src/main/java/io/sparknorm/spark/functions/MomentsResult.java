package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What functions give moments as.
 *
 * @param <R> what Spark holds a result in
 */
interface MomentsResult<R> extends Serializable {
  /** Count, mean and biased variance of every channel. */
  MomentsResult<ArrayData> STATISTICS = new OfStatistics();

  /** The state that {@link Moments#write} writes. */
  MomentsResult<byte[]> STATE = new OfState();

  DataType type();

  R of(Moments moments);

  /** {@code array<struct<count, mean, variance>>}. */
  record OfStatistics() implements MomentsResult<ArrayData> {
    @Override
    public DataType type() {
      return DataTypes.createArrayType(
          new StructType()
              .add("count", DataTypes.LongType, false)
              .add("mean", DataTypes.DoubleType, false)
              .add("variance", DataTypes.DoubleType, false),
          false);
    }

    @Override
    public ArrayData of(Moments moments) {
      Statistics statistics = moments.statistics();
      Object[] channels = new Object[statistics.channels()];
      for (int c = 0; c < channels.length; c++) {
        channels[c] =
            new GenericInternalRow(
                new Object[] {
                  statistics.count(c),
                  statistics.mean().get(c),
                  statistics.variance(Variance.BIASED).get(c)
                });
      }

      return new GenericArrayData(channels);
    }
  }

  /** {@code binary}. */
  record OfState() implements MomentsResult<byte[]> {
    @Override
    public DataType type() {
      return DataTypes.BinaryType;
    }

    @Override
    public byte[] of(Moments moments) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (DataOutputStream out = new DataOutputStream(bytes)) {
        moments.write(out);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }

      return bytes.toByteArray();
    }
  }
}
