package io.sparknorm.spark.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.io.File;
import java.net.URL;
import java.util.List;

/**
 * A job file's text as a resolved configuration. One file is the whole of it: includes are refused,
 * since they would read whatever a file or a URL names. {@code ${?NAME}} stands for a key of the
 * file or a variable of the environment; system properties are not looked at.
 */
public final class JobFile {
  private static final String SETTING = "--set";

  private JobFile() {}

  /**
   * Parses and resolves a job file.
   *
   * @param text HOCON
   * @param name the file's name, for messages
   * @param settings {@code key=value}, which win over the file, the last over those before it; a
   *     value that begins with <code>[</code>, <code>{</code> or a quote is HOCON, and so is null;
   *     any other is taken as it stands
   * @throws JobException if the text or a setting is not well-formed; the message leaves values
   *     out, for they may be secrets
   */
  public static Config parse(String text, String name, List<String> settings) {
    try {
      Config config = ConfigFactory.parseString(text, options(name));
      for (String setting : settings) {
        config = with(config, setting);
      }

      return config.resolve(ConfigResolveOptions.noSystem().setUseSystemEnvironment(true));
    } catch (ConfigException.UnresolvedSubstitution e) {
      throw unreadable(
          name,
          e,
          "refers with ${..} to what is neither in the file nor in the environment (${?..} is for"
              + " what may be absent)");
    } catch (ConfigException e) {
      throw unreadable(
          name, e, "is not valid HOCON (a text with any of $\"{}[]:=,+#`^?!@*&\\ needs quotes)");
    }
  }

  private static Config with(Config config, String setting) {
    int equals = setting.indexOf('=');
    if (equals < 1) {
      throw JobException.usage("Invalid %s: no key=value".formatted(SETTING));
    }

    String key = setting.substring(0, equals).strip();
    try {
      return config.withValue(
          String.join(
              ".", ConfigUtil.splitPath(key).stream().map(ConfigUtil::quoteString).toList()),
          value(setting.substring(equals + 1).strip()));
    } catch (ConfigException e) {
      throw new JobException(
          LeavingStatus.USAGE,
          "Invalid %s %s: key or value is not valid HOCON".formatted(SETTING, key),
          e);
    }
  }

  private static ConfigValue value(String text) {
    boolean isHocon = text.equals("null") || text.matches("(?s)[\\[{\"].*");
    return isHocon
        ? ConfigFactory.parseString("value = " + text, options(SETTING)).root().get("value")
        : ConfigValueFactory.fromAnyRef(text, SETTING);
  }

  private static ConfigParseOptions options(String name) {
    return ConfigParseOptions.defaults()
        .setSyntax(ConfigSyntax.CONF)
        .setOriginDescription(name)
        .setIncluder(new NoIncludes(name));
  }

  private static JobException unreadable(String name, ConfigException error, String why) {
    ConfigOrigin origin = error.origin();
    String line = origin == null || origin.lineNumber() < 0 ? "it" : "line " + origin.lineNumber();
    return new JobException(
        LeavingStatus.USAGE, "Cannot read %s: %s %s".formatted(name, line, why), error);
  }

  /** Refuses every kind of include, which the library would else read by itself. */
  private record NoIncludes(String name)
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw refusal(what);
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      throw refusal(what);
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      throw refusal(what);
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      throw refusal(what);
    }

    private JobException refusal(Object what) {
      return JobException.usage(
          "Cannot read %s: it includes %s (a job file stands for itself; use --set for what differs)"
              .formatted(name, what));
    }
  }
}
