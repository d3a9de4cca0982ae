package io.sparknorm.spark.functions;

import io.sparknorm.spark.JobException;
import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.YearMonthIntervalType;

/**
 * One column of a {@link GroupKey}.
 *
 * @param form of its values
 * @param type as SQL writes it
 * @param precision and
 * @param scale of a decimal; of no meaning for other types
 */
record KeyColumn(Form form, String type, int precision, int scale) implements Serializable {
  /** What a value that is not null is written as, and read from. */
  private enum Form {
    BOOLEAN {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putByte(row.getBoolean(ordinal) ? 1 : 0);
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getBoolean(ordinal);
      }
    },
    BYTE {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putInt(row.getByte(ordinal));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getByte(ordinal);
      }
    },
    SHORT {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putInt(row.getShort(ordinal));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getShort(ordinal);
      }
    },
    INT {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putInt(row.getInt(ordinal));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        int value = row.getInt(ordinal);
        return column.type.equals("date") ? LocalDate.ofEpochDay(value) : Integer.valueOf(value);
      }
    },
    LONG {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putLong(row.getLong(ordinal));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        long value = row.getLong(ordinal);
        return column.type.equals("timestamp")
            ? Instant.EPOCH.plus(value, ChronoUnit.MICROS)
            : Long.valueOf(value);
      }
    },
    FLOAT {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putInt(Float.floatToIntBits(row.getFloat(ordinal) + 0f)); // -0 + 0 is 0
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getFloat(ordinal);
      }
    },
    DOUBLE {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putLong(Double.doubleToLongBits(row.getDouble(ordinal) + 0.0));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getDouble(ordinal);
      }
    },
    DECIMAL {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putSized(
            row.getDecimal(ordinal, column.precision, column.scale)
                .toJavaBigDecimal()
                .setScale(column.scale)
                .unscaledValue()
                .toByteArray());
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getDecimal(ordinal, column.precision, column.scale);
      }
    },
    STRING {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putSized(row.getUTF8String(ordinal));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return row.getUTF8String(ordinal);
      }
    },
    BINARY {
      @Override
      void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to) {
        to.putSized(row.getBinary(ordinal));
      }

      @Override
      Object value(KeyColumn column, InternalRow row, int ordinal) {
        return Base64.getEncoder().encodeToString(row.getBinary(ordinal));
      }
    };

    abstract void write(KeyColumn column, InternalRow row, int ordinal, KeyBuffer to);

    abstract Object value(KeyColumn column, InternalRow row, int ordinal);
  }

  static KeyColumn of(StructField field) {
    DataType type = field.dataType();
    DecimalType decimal = type instanceof DecimalType given ? given : new DecimalType();
    return new KeyColumn(form(field), type.simpleString(), decimal.precision(), decimal.scale());
  }

  private static Form form(StructField field) {
    DataType type = field.dataType();
    if (type instanceof BooleanType) {
      return Form.BOOLEAN;
    } else if (type instanceof ByteType) {
      return Form.BYTE;
    } else if (type instanceof ShortType) {
      return Form.SHORT;
    } else if (type instanceof IntegerType
        || type instanceof DateType
        || type instanceof YearMonthIntervalType) {
      return Form.INT;
    } else if (type instanceof LongType
        || type instanceof TimestampType
        || type instanceof TimestampNTZType
        || type instanceof DayTimeIntervalType
        || type.typeName().startsWith("time(")) { // Spark 3.5 has no class for it
      return Form.LONG;
    } else if (type instanceof FloatType) {
      return Form.FLOAT;
    } else if (type instanceof DoubleType) {
      return Form.DOUBLE;
    } else if (type instanceof DecimalType) {
      return Form.DECIMAL;
    } else if (type.equals(DataTypes.StringType)) { // which strings with a collation are not
      return Form.STRING;
    } else if (type instanceof BinaryType) {
      return Form.BINARY;
    }

    throw JobException.data(
        "Cannot group by column %s: its type is %s (features.group-by takes atomic types, and"
                .formatted(field.name(), type.simpleString())
            + " strings without a collation)");
  }

  void write(InternalRow row, int ordinal, KeyBuffer to) {
    form.write(this, row, ordinal, to);
  }

  /** For people to read. */
  Object value(InternalRow row, int ordinal) {
    return form.value(this, row, ordinal);
  }
}
