import CutisCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Style sheet, scripts and pictures of the pages, under an address that changes with them, so that browsers keep them.
struct AssetController: Controller {
    let resources: PageResources

    static func path(_ resources: PageResources) -> String { "/assets/\(resources.assetVersion)" }

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/assets/{version}/{name}") { _, context in
            guard let version = context.parameters.get("version"), version == resources.assetVersion,
                let asset = context.parameters.get("name").flatMap({ resources.assets[$0] })
            else { throw AppRequestContext.nothingThere }
            return Response(
                status: .ok,
                headers: [
                    .contentType: asset.mediaType, .cacheControl: "public, max-age=31536000, immutable",
                ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
        }
    }
}
