package io.sparknorm.spark.models;

import io.sparknorm.spark.config.Difference;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The columns whose values say which of a model's statistics a record has.
 *
 * @param columns at least one
 * @param types of the columns, as SQL writes them, such as {@code string} or {@code decimal(10,2)}
 */
public record GroupBy(List<String> columns, List<String> types) implements Serializable {
  public GroupBy {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
    if (columns.isEmpty() || columns.size() != types.size()) {
      throw new IllegalArgumentException(
          "Invalid groups: %d columns of %d types (at least one, each of a type)"
              .formatted(columns.size(), types.size()));
    }
  }

  /** Whether these are the columns' names, in any case, as for Spark. */
  public boolean isBy(List<String> names) {
    if (names.size() != columns.size()) {
      return false;
    }

    for (int i = 0; i < columns.size(); i++) {
      if (!names.get(i).equalsIgnoreCase(columns.get(i))) {
        return false;
      }
    }

    return true;
  }

  /** How other columns differ from these; empty if groups of the one are groups of the other. */
  public Optional<Difference> differenceFrom(GroupBy other) {
    return isBy(other.columns) && types.equals(other.types)
        ? Optional.empty()
        : Optional.of(new Difference("groups by " + this, "groups by " + other));
  }

  /** As {@link #differenceFrom}, of what may have no groups. */
  static Optional<Difference> difference(Optional<GroupBy> one, Optional<GroupBy> other) {
    return one.isPresent() && other.isPresent()
        ? one.get().differenceFrom(other.get())
        : Optional.of(new Difference(text(one), text(other)))
            .filter(difference -> one.isPresent() != other.isPresent());
  }

  private static String text(Optional<GroupBy> groups) {
    return groups.map(by -> "groups by " + by).orElse("no groups");
  }

  /**
   * A group for people to read, such as {@code country = DE, day = null}.
   *
   * @param key as a {@link GroupFile} has it
   */
  public String describe(byte[] key) {
    ByteBuffer in = ByteBuffer.wrap(key);
    List<String> values = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Object value = in.get() == 0 ? null : value(types.get(i), in);
      values.add("%s = %s".formatted(columns.get(i), value));
    }

    return String.join(", ", values);
  }

  private static Object value(String type, ByteBuffer in) {
    return switch (type.replaceAll("[( ].*", "")) {
      case "boolean" -> in.get() == 1;
      case "tinyint", "smallint", "int" -> in.getInt();
      case "date" -> LocalDate.ofEpochDay(in.getInt());
      case "float" -> in.getFloat();
      case "double" -> in.getDouble();
      case "string" -> new String(sized(in), StandardCharsets.UTF_8);
      case "binary" -> Base64.getEncoder().encodeToString(sized(in));
      case "decimal" -> new BigDecimal(new BigInteger(sized(in)), scale(type));
      case "timestamp" -> Instant.EPOCH.plus(in.getLong(), ChronoUnit.MICROS);
      case "interval" -> isOfMonths(type) ? in.getInt() : in.getLong();
      default -> in.getLong();
    };
  }

  private static boolean isOfMonths(String type) {
    return type.contains("year") || type.contains("month");
  }

  private static int scale(String decimal) {
    return Integer.parseInt(
        decimal.substring(decimal.indexOf(',') + 1, decimal.indexOf(')')).strip());
  }

  private static byte[] sized(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return bytes;
  }

  /** The columns with their types, such as {@code country string, day date}. */
  @Override
  public String toString() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      texts.add(columns.get(i) + " " + types.get(i));
    }

    return String.join(", ", texts);
  }
}
