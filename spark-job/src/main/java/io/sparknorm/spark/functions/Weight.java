package io.sparknorm.spark.functions;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.io.Serializable;
import java.math.BigDecimal;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.StructField;

/**
 * A column that says how many times a record counts: as if there were so many copies of it, to the
 * bit. Fractions are refused: exact moments count whole values, and 0.1 as a double is no tenth.
 *
 * @param column its name
 * @param type in which it is read: bigint, double, or a decimal, which as a double might be rounded
 *     to a whole number
 */
public record Weight(String column, DataType type) implements Serializable {
  /** Every record counts once, without a column. */
  public static final Weight ONE = new Weight("", DataTypes.LongType);

  /** Beyond, doubles leave integers out. */
  private static final double MOST = 0x1p53;

  public static Weight of(StructField field) {
    DataType type = field.dataType();
    return new Weight(
        field.name(),
        type instanceof IntegralType
            ? DataTypes.LongType
            : type instanceof DecimalType ? type : DataTypes.DoubleType);
  }

  /** The column in the type that {@link #times} reads. */
  public Column cast(Column weights) {
    return weights.cast(type);
  }

  /** How many times a record counts, at least 0. */
  long times(InternalRow row, int ordinal) {
    if (isOne()) {
      return 1;
    }

    if (row.isNullAt(ordinal)) {
      throw refused("null");
    }

    if (type instanceof DecimalType decimal) {
      return times(
          row.getDecimal(ordinal, decimal.precision(), decimal.scale()).toJavaBigDecimal());
    }

    return type.equals(DataTypes.LongType)
        ? times(row.getLong(ordinal))
        : times(row.getDouble(ordinal));
  }

  private long times(long weight) {
    if (weight < 0) {
      throw refused(String.valueOf(weight));
    }

    return weight;
  }

  private long times(double weight) {
    if (!(weight >= 0 && weight <= MOST && weight == Math.rint(weight))) {
      throw refused(String.valueOf(weight));
    }

    return (long) weight;
  }

  private long times(BigDecimal weight) {
    long whole = weight.longValue();
    if (weight.compareTo(BigDecimal.valueOf(whole)) != 0) {
      throw refused(weight.toPlainString());
    }

    return times(whole);
  }

  /**
   * The failure when values, so many times each, are more than a long can count.
   *
   * @param subject what has the values, such as {@code column features}
   */
  public JobException tooManyValues(String subject, ArithmeticException cause) {
    return new JobException(
        LeavingStatus.DATA,
        "Cannot fit %s: the values of a channel%s are more than %d (divide all weights by a common"
                .formatted(
                    subject,
                    isOne() ? "" : ", weighed by column %s,".formatted(column),
                    Long.MAX_VALUE)
            + " factor)",
        cause);
  }

  /** Whether every record counts once. */
  public boolean isOne() {
    return column.isEmpty();
  }

  private DataFaultException refused(String found) {
    return new DataFaultException(
        "Cannot weigh by column %s: the weight is %s%s (weights are whole numbers from 0,"
                .formatted(column, found, FaultRules.inFile())
            + " up to 2^53 as doubles; leave records out by input.where, or multiply all weights by"
            + " one factor)");
  }
}
