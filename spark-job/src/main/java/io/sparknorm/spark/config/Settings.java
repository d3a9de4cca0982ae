package io.sparknorm.spark.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * One group of a job file, read as typed values. A key that is not given has its default; every
 * error is a {@link JobException} that names the key, the value and the line.
 */
final class Settings {
  /** In characters; a longer one would bury the rest of a message. */
  private static final int LONGEST_SHOWN_LIST = 64;

  private final ConfigObject group;
  private final String location;

  /**
   * Checks that the group has known keys only.
   *
   * @param value the group as the job file has it
   * @param name the group's name in {@link Key}
   * @param location where the group stands in the job file, such as {@code features[1].norm}
   */
  Settings(ConfigValue value, String name, String location) {
    if (!(value instanceof ConfigObject object)) {
      throw JobException.usage(
          "Invalid %s: %s (must be a group: { key = value, .. })%s"
              .formatted(location, shown(value), at(value.origin())));
    }

    this.group = object;
    this.location = location;
    checkNames(group, Key.namesIn(name), location + ".");
  }

  /**
   * Throws unless every key of the object is one of the names.
   *
   * @param prefix stands before the keys in messages
   */
  static void checkNames(ConfigObject object, List<String> names, String prefix) {
    for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
      String name = entry.getKey();
      if (!names.contains(name)) {
        String advice =
            Names.nearest(name, names)
                .map(nearest -> "did you mean " + prefix + nearest + "?")
                .orElse("expected one of " + String.join(", ", names));
        throw JobException.usage(
            "Unknown key %s%s%s: %s"
                .formatted(prefix, name, at(entry.getValue().origin()), advice));
      }
    }
  }

  /** Where the group stands in the job file, for messages. */
  String location() {
    return location;
  }

  /** Where the key stands in the job file, for messages. */
  String locationOf(Key key) {
    return location + "." + key.simpleName();
  }

  /** Whether the job file itself has the key. */
  boolean has(Key key) {
    ConfigValue value = group.get(key.simpleName());
    return value != null && value.valueType() != ConfigValueType.NULL;
  }

  /** Whether the job file itself has any key of the group but this one. */
  boolean hasOtherThan(Key key) {
    return group.keySet().stream().anyMatch(name -> !name.equals(key.simpleName()));
  }

  /** The value read by one of the methods below, if the job file has the key. */
  <T> Optional<T> optional(Key key, BiFunction<Settings, Key, T> read) {
    return has(key) ? Optional.of(read.apply(this, key)) : Optional.empty();
  }

  String text(Key key) {
    ConfigValue value = value(key);
    if (!isScalar(value)) {
      throw invalid(key, "must be a text");
    }

    return text(value);
  }

  int integer(Key key) {
    ConfigValue value = value(key);
    return integer(value).orElseThrow(() -> invalid(key, "must be a whole number"));
  }

  double number(Key key) {
    ConfigValue value = value(key);
    return number(value).orElseThrow(() -> invalid(key, "must be a finite number"));
  }

  boolean flag(Key key) {
    return switch (text(key)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw invalid(key, "must be true or false");
    };
  }

  <E extends Enum<E>> E choice(Key key, Class<E> type) {
    String text = text(key);
    for (E constant : type.getEnumConstants()) {
      if (Names.of(constant).equals(text)) {
        return constant;
      }
    }

    throw invalid(key, "must be one of " + Names.all(type));
  }

  double[] numbers(Key key) {
    ConfigList list = list(key);
    double[] numbers = new double[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      ConfigValue value = list.get(i);
      numbers[i] = number(value).orElseThrow(() -> invalidElement(key, value, "finite numbers"));
    }

    return numbers;
  }

  List<Integer> integers(Key key) {
    List<Integer> integers = new ArrayList<>();
    for (ConfigValue value : list(key)) {
      integers.add(integer(value).orElseThrow(() -> invalidElement(key, value, "whole numbers")));
    }

    return integers;
  }

  List<String> texts(Key key) {
    List<String> texts = new ArrayList<>();
    for (ConfigValue value : list(key)) {
      if (!isScalar(value)) {
        throw invalidElement(key, value, "texts");
      }

      texts.add(text(value));
    }

    return texts;
  }

  /**
   * The texts of a group with free keys, empty if it is not given. An unquoted key with dots is the
   * same as a quoted one. Messages leave the values out, for they may be secrets.
   */
  Map<String, String> map(Key key) {
    Map<String, String> map = new TreeMap<>();
    if (!has(key)) {
      return map;
    }

    if (!(value(key) instanceof ConfigObject object)) {
      throw JobException.usage(
          "Invalid %s: not a group (must be { key = value, .. })%s"
              .formatted(locationOf(key), at(value(key).origin())));
    }

    for (Map.Entry<String, ConfigValue> entry : object.toConfig().entrySet()) {
      String name = String.join(".", ConfigUtil.splitPath(entry.getKey()));
      if (!isScalar(entry.getValue())) {
        throw JobException.usage(
            "Invalid %s.%s: not a text (must be a text, a number, true or false)%s"
                .formatted(locationOf(key), name, at(entry.getValue().origin())));
      }

      map.put(name, text(entry.getValue()));
    }

    return map;
  }

  /** The error of a kernel's parameter: its message begins with the name, which is the key's. */
  JobException invalid(IllegalArgumentException error) {
    String located = error.getMessage().replaceFirst("^Invalid ", "Invalid " + location + ".");
    return new JobException(LeavingStatus.USAGE, located, error);
  }

  /** The error of a key whose value breaks a rule. */
  JobException invalid(Key key, String rule) {
    ConfigValue value = value(key);
    return JobException.usage(
        "Invalid %s: %s (%s)%s".formatted(locationOf(key), shown(value), rule, at(value.origin())));
  }

  /** The error of a key that is needed and not given. */
  JobException missing(Key key) {
    return JobException.usage(
        "Invalid configuration: %s is missing (%s)".formatted(locationOf(key), key.meaning()));
  }

  private JobException invalidElement(Key key, ConfigValue element, String rule) {
    return JobException.usage(
        "Invalid %s: %s (must be a list of %s)%s"
            .formatted(locationOf(key), shown(element), rule, at(element.origin())));
  }

  /** The value as it stands in the job file, or the default. */
  ConfigValue value(Key key) {
    if (has(key)) {
      return group.get(key.simpleName());
    }

    if (key.hasDefaultValue()) {
      return ConfigFactory.parseString("default = " + key.defaultValue()).getValue("default");
    }

    throw missing(key);
  }

  private ConfigList list(Key key) {
    if (value(key) instanceof ConfigList list) {
      return list;
    }

    throw invalid(key, "must be a list: [a, b, ..]");
  }

  private static boolean isScalar(ConfigValue value) {
    return switch (value.valueType()) {
      case STRING, NUMBER, BOOLEAN -> true;
      case OBJECT, LIST, NULL -> false;
    };
  }

  /** A scalar as the file has it: 007 stays 007. */
  private static String text(ConfigValue value) {
    return value.atKey("scalar").getString("scalar");
  }

  private static Optional<Integer> integer(ConfigValue value) {
    try {
      return isScalar(value) ? Optional.of(Integer.valueOf(text(value))) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<Double> number(ConfigValue value) {
    try {
      return isScalar(value)
          ? Optional.of(Double.valueOf(text(value))).filter(number -> Double.isFinite(number))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static String shown(String list) {
    return list.length() <= LONGEST_SHOWN_LIST ? list : "a list";
  }

  private static String shown(ConfigValue value) {
    return switch (value.valueType()) {
      case STRING, NUMBER, BOOLEAN -> text(value);
      case OBJECT -> "a group";
      case LIST -> shown(value.render(ConfigRenderOptions.concise()));
      case NULL -> "null";
    };
  }

  /** The file and line for the end of a message, as far as they are known. */
  private static String at(ConfigOrigin origin) {
    return origin.lineNumber() < 0 ? "" : " at " + origin.description().replace(": ", ":");
  }
}
