# The application's own password, which is full of characters that shells and SQL read otherwise.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
ALTER ROLE app_login PASSWORD :'password';
SQL
