"""Configuration: settings and profiles, the mapping, the target's DDL, reasons, errors and exit codes. Imports no other
package of the project."""
