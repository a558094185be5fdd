"""Make the monthly CSV files of this folder from the nycflights13 tables.

    python make_sample.py FOLDER [OUT]

FOLDER holds `flights.parquet` and `weather.parquet`; OUT is this folder unless given. The same tables
give the same bytes.
"""

import random
import sys
from pathlib import Path

import polars as pl

SHARE = 0.15  # of the flights; the weather is whole
SEED = 2013
FLIGHT_KEY = ["time_hour", "minute", "carrier", "flight", "origin"]
FLIGHT_COLUMNS = [*FLIGHT_KEY, "dest", "distance", "dep_delay", "air_time", "arr_delay"]
WEATHER_KEY = ["time_hour", "origin"]
MEASURED = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]


def sample_flights(flights: pl.DataFrame) -> pl.DataFrame:
    """Keep a seeded share of the flights, in the order of their keys."""
    flights = flights.sort(FLIGHT_KEY).unique(FLIGHT_KEY, keep="first", maintain_order=True)
    draw = random.Random(SEED)
    kept = pl.Series([draw.random() < SHARE for _ in range(flights.height)], dtype=pl.Boolean)
    return flights.filter(kept).select("month", *FLIGHT_COLUMNS)


def tidy_weather(weather: pl.DataFrame) -> pl.DataFrame:
    """Keep every hourly reading, its numbers rounded to two decimals."""
    weather = weather.sort(WEATHER_KEY).unique(WEATHER_KEY, keep="first", maintain_order=True)
    return weather.with_columns(pl.col(pl.Float64).round(2)).select("month", "origin", "time_hour", *MEASURED)


def write_months(frame: pl.DataFrame, name: str, out: Path) -> None:
    """Write one file per month of New York time, the month both tables are kept by."""
    for month in range(1, 13):
        rows = frame.filter(pl.col("month") == month).drop("month")
        path = out / f"{name}_2013_{month:02}.csv"
        path.write_bytes(rows.write_csv(null_value="NA").encode())
        print(f"{path.name}: {rows.height} rows")


def main(folder: str, out: str = "") -> None:
    """Read the two tables and write the twenty-four files."""
    target = Path(out) if out else Path(__file__).parent
    write_months(sample_flights(pl.read_parquet(Path(folder, "flights.parquet"))), "flights", target)
    write_months(tidy_weather(pl.read_parquet(Path(folder, "weather.parquet"))), "weather", target)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
