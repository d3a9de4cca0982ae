package io.sparknorm.spark.functions;

import java.io.Serializable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.StructField;

/**
 * A column that says how many times a record counts: as if there were so many copies of it, to the
 * bit. Fractions are refused: exact moments count whole values, and 0.1 as a double is no tenth.
 *
 * @param column its name
 * @param whole whether its type holds nothing but integers
 */
public record Weight(String column, boolean whole) implements Serializable {
  /** Every record counts once: for a column of ones. */
  public static final Weight ONE = new Weight("", true);

  /** Beyond, doubles leave integers out. */
  private static final double MOST = 0x1p53;

  public static Weight of(StructField field) {
    return new Weight(field.name(), field.dataType() instanceof IntegralType);
  }

  /** The column in the type that {@link #times} reads. */
  public Column cast(Column weights) {
    return weights.cast(whole ? DataTypes.LongType : DataTypes.DoubleType);
  }

  /** How many times a record counts, at least 0. */
  long times(InternalRow row, int ordinal) {
    if (row.isNullAt(ordinal)) {
      throw refused("null");
    }

    if (whole) {
      long weight = row.getLong(ordinal);
      if (weight < 0) {
        throw refused(String.valueOf(weight));
      }

      return weight;
    }

    double weight = row.getDouble(ordinal);
    if (!(weight >= 0 && weight <= MOST && weight == Math.rint(weight))) {
      throw refused(String.valueOf(weight));
    }

    return (long) weight;
  }

  private DataFaultException refused(String found) {
    return new DataFaultException(
        "Cannot weigh by column %s: the weight is %s%s (weights are whole numbers from 0,"
                .formatted(column, found, FaultRules.inFile())
            + " up to 2^53 as doubles; leave records out by input.where, or multiply all weights by"
            + " one factor)");
  }
}
