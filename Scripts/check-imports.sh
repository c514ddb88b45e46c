#!/usr/bin/env bash
# The wall (docs/architecture.md): each target may import only what this table allows.
set -euo pipefail
cd "$(dirname "$0")/.."

# target: allowed imports (besides Swift's own Foundation, Synchronization, Dispatch, Glibc)
allowed() {
    case $1 in
        CutisCore) echo "" ;;
        CutisStatistics) echo "" ;;
        CutisPlots) echo "" ;;
        CutisFormats) echo "CutisCore CZip" ;;
        CutisImaging) echo "CutisCore CVips" ;;
        CutisDatasets) echo "CutisCore CutisFormats CutisImaging CutisStatistics CutisPlots Crypto Yams" ;;
        CutisTensor) echo "CTorch CKernels" ;;
        CutisModels) echo "CutisCore CutisTensor CutisFormats" ;;
        CutisInference) echo "CutisCore CutisModels CutisTensor CutisFormats CutisImaging Crypto" ;;
        CutisTraining) echo "CutisCore CutisModels CutisTensor CutisFormats CutisImaging CutisInference CutisStatistics CutisDatasets CutisPlots Yams Crypto" ;;
        CutisOptimization) echo "CutisCore CutisModels CutisTensor CutisFormats CutisImaging CutisInference CutisStatistics" ;;
        CutisHub) echo "CutisCore AsyncHTTPClient NIOCore NIOHTTP1 NIOPosix NIOSSL NIOFoundationCompat Crypto" ;;
        CutisStorage) echo "CutisCore Crypto AsyncHTTPClient NIOCore NIOHTTP1" ;;
        CutisStorageSQLite) echo "CutisCore CutisStorage GRDB" ;;
        CutisStoragePostgres) echo "CutisCore CutisStorage CPQ" ;;
        CutisMonitoring) echo "CutisCore" ;;
        CutisService) echo "CutisCore CutisStorage CutisMonitoring CutisStatistics Crypto Logging" ;;
        CutisServer) echo "CutisCore CutisService CutisMonitoring CutisStorage Crypto Logging ServiceLifecycle UnixSignals AsyncHTTPClient NIOCore NIOHTTP1 NIOSSL HTTPTypes Hummingbird HummingbirdCore HummingbirdTLS HummingbirdHTTP2 Mustache JWTKit" ;;
        cutis) echo "CutisCore CutisFormats CutisImaging CutisModels CutisTensor CutisInference CutisTraining CutisOptimization CutisStatistics CutisHub CutisDatasets CutisPlots CutisServer CutisService CutisStorage CutisStorageSQLite CutisStoragePostgres CutisMonitoring Crypto Logging ServiceLifecycle Configuration ArgumentParser" ;;
        *) echo "?" ;;
    esac
}
system="Foundation FoundationEssentials Synchronization Dispatch Glibc"
bad=0
for folder in Sources/*/; do
    target=$(basename "$folder")
    [ -n "$(find "$folder" -name '*.swift' -print -quit)" ] || continue
    list=$(allowed "$target")
    if [ "$list" = "?" ]; then
        echo "check-imports: $target is not in the table of Scripts/check-imports.sh" >&2
        bad=1
        continue
    fi
    while IFS=: read -r file line text; do
        module=$(sed -E 's/.*import +((struct|class|enum|func|protocol) +)?([A-Za-z_0-9]+).*/\3/' <<<"$text")
        case " $system $list " in *" $module "*) ;; *)
            echo "$file:$line: $target must not import $module" >&2
            bad=1
            ;;
        esac
    done < <(grep -rnE '^ *(@[a-zA-Z_]+(\([^)]*\))? +)*((public|package|internal|private|fileprivate) +)?import +' "$folder" --include='*.swift')
done
exit $bad
